// Most tests here wait, for a disk, a timer of some milliseconds or another broker: with a test per processor, the processors would.
[assembly: CollectionBehavior(MaxParallelThreads = 4)]
