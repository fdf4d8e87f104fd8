using RocketOps.Interop.Tests.Clients;
using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests.RocketOps;

/// <summary>
/// Apache's Java clients try their features against our servers, scenario by scenario. Not against Apache's: the scenarios are the kit's, not ours, and
/// Apache's clients wait there for their 20 s timer often enough to fail a build that has nothing wrong.
/// </summary>
[Collection(RocketOpsCollection.Name)]
public sealed class RocketMqCheckTestsOnRocketOps(RocketOpsFixture fixture)
{
    [SkippableTheory]
    [InlineData("normal")]
    [InlineData("utf8")]
    [InlineData("tags")]
    [InlineData("sql")]
    [InlineData("oneway")]
    [InlineData("async")]
    [InlineData("batch")]
    [InlineData("large")]
    [InlineData("zlib")]
    [InlineData("lz4")]
    [InlineData("zstd")]
    [InlineData("broadcast")]
    [InlineData("pull")]
    [InlineData("resume")]
    [InlineData("transaction")]
    [InlineData("check")]
    [InlineData("rpc")]
    [InlineData("trace")]
    public Task Check_Scenario_Passes(string scenario) => CheckAsync(scenario, fixture.JavaVersions);

    /// <summary>What only clients of 5.x can.</summary>
    [SkippableTheory]
    [InlineData("timer5")]
    [InlineData("recall5")]
    public Task Check_ScenarioOf5_Passes(string scenario) => CheckAsync(scenario, fixture.JavaVersions.Where(static version => version.StartsWith("5.", StringComparison.Ordinal)));

    // The versions side by side: most of a scenario is waiting, and each makes topics and groups of its own.
    private async Task CheckAsync(string scenario, IEnumerable<string> versions)
    {
        ServerUnderTest server = fixture.Server;
        string[] clients = [.. versions];
        ScenarioResult[] results = await Task.WhenAll(clients.Select(version => new JavaClient(version, server.NameServerAddress).CheckAsync(scenario)));

        foreach ((string version, ScenarioResult result) in clients.Zip(results))
        {
            result.Passed.Should().BeTrue("client {0}: {1}\n{2}", version, result, await server.LogsAsync());
        }
    }
}
