// Two at a time: a collection has servers of its own and waits most of its time. More virtual machines than that are too many for two cores.
[assembly: CollectionBehavior(MaxParallelThreads = 2)]
