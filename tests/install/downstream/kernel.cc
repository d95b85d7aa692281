// A program that links polyonym::kernel alone: two groups become one.
#include "polyonym/identity/disjoint_set.h"

int main() {
  polyonym::identity::DisjointSet groups(3);
  groups.Union(0, 2);
  return groups.Find(0) == groups.Find(2) && groups.Find(0) != groups.Find(1) ? 0 : 1;
}
