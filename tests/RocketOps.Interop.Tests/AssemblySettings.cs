// Four at a time: a collection has servers of its own and waits most of its time. Deep tests start virtual machines by the dozen, which is why it is not more.
[assembly: CollectionBehavior(MaxParallelThreads = 4)]
[assembly: TestCollectionOrderer("RocketOps.Interop.Tests.LongWaitsFirst", "RocketOps.Interop.Tests")]
