using RocketOps.Interop.Tests.Replication;
using Xunit.Abstractions;

namespace RocketOps.Interop.Tests;

/// <summary>Starts the tests first that wait for something outside of this machine's power to hasten: the others fill the time meanwhile, and would not if it came last.</summary>
public sealed class LongWaitsFirst : ITestCollectionOrderer
{
    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderBy(static collection => collection.DisplayName.EndsWith(nameof(ApachesSlaveLeadsTests), StringComparison.Ordinal) ? 0 : 1);
}
