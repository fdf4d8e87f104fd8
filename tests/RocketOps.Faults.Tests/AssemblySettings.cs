// Faults are injected under load: one test at a time, so that each knows what hit it.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
