using RocketOps.Interop.Tests.Clients;
using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests.RocketOps;

/// <summary>
/// Apache's Java clients try their features against our servers, scenario by scenario: all 32 of the kit's remoting clients, of which two ask for what is not there. Not against Apache's:
/// the scenarios are the kit's, not ours, and Apache's clients wait there for their 20 s timer often enough to fail a build that has nothing wrong.
/// </summary>
/// <remarks>Deep: a dozen virtual machines for some scenarios, and limits of the kit that tests cannot raise. <see cref="JavaFeatureTests"/> has the same scenarios for the gate, but those two and <c>mqadmin</c>'s.</remarks>
[Trait("ring", "deep")]
[Collection(RocketOpsFeaturesCollection.Name)]
public sealed class RocketMqCheckTestsOnRocketOps(RocketOpsFeaturesFixture fixture)
{
    [SkippableTheory]
    [InlineData("normal")]
    [InlineData("utf8")]
    [InlineData("tags")]
    [InlineData("sql")]
    [InlineData("keys")]
    [InlineData("offsets")]
    [InlineData("ordered")]
    [InlineData("oneway")]
    [InlineData("async")]
    [InlineData("batch")]
    [InlineData("large")]
    [InlineData("zlib")]
    [InlineData("lz4")]
    [InlineData("zstd")]
    [InlineData("delaylevel")]
    [InlineData("retry")]
    [InlineData("dlq")]
    [InlineData("orderlyretry")]
    [InlineData("broadcast")]
    [InlineData("pull")]
    [InlineData("litepull")]
    [InlineData("resume")]
    [InlineData("transaction")]
    [InlineData("check")]
    [InlineData("rpc")]
    [InlineData("adminread")]
    [InlineData("adminwrite")]
    public Task Check_Scenario_Passes(string scenario) => CheckAsync(scenario, fixture.JavaVersions);

    /// <summary>
    /// Once more where the client of 5.x gave its trace up by itself: it keeps traces for 5 s, the scenario's producer lives for 2, so they are sent while it stops, and its stop waits for
    /// the sends to begin, not to end: on a busy machine the connection is closed before it stands, and no broker hears of it. Source: apache/rocketmq AsyncTraceDispatcher.shutdown,
    /// DefaultMQProducer.shutdown 5.5.0.
    /// </summary>
    [SkippableFact]
    public Task Check_Trace_Passes() => CheckAsync("trace", fixture.JavaVersions, static (version, result) => version == ApacheServer.Version5 && result.Log.Contains("send trace data failed", StringComparison.Ordinal));

    /// <summary>What only clients of 5.x can.</summary>
    [SkippableTheory]
    [InlineData("timer5")]
    [InlineData("recall5")]
    public Task Check_ScenarioOf5_Passes(string scenario) => CheckAsync(scenario, fixture.JavaVersions.Where(static version => version.StartsWith("5.", StringComparison.Ordinal)));

    /// <summary>A client that speaks TLS is told by the end of its connection, and whoever runs the servers by their log.</summary>
    [SkippableFact]
    public async Task Check_Tls_IsRefused()
    {
        ServerUnderTest server = fixture.Server;
        foreach (string version in fixture.JavaVersions)
        {
            ScenarioResult result = await new JavaClient(version, server.NameServerAddress).CheckAsync("tls", mayRepeat: false);

            result.Passed.Should().BeFalse("client {0}: there is no TLS yet", version);
            result.Log.Should().Contain("\"event\":\"error\"", "client {0} says so itself", version);
        }

        (await server.LogsAsync()).Should().Contain("TLS is not enabled on this port");
    }

    [SkippableFact]
    public async Task Check_Pop_IsRefusedWithItsReason()
    {
        ScenarioResult result = await new JavaClient(ApacheServer.Version5, fixture.Server.NameServerAddress).CheckAsync("pop5");

        result.Passed.Should().BeFalse("there is no POP yet");
        result.Log.Should().Contain("mode POP is not served by this broker");
    }

    // The versions side by side: most of a scenario is waiting, and each makes topics and groups of its own.
    private async Task CheckAsync(string scenario, IEnumerable<string> versions, Func<string, ScenarioResult, bool>? isClientsOwn = null)
    {
        ServerUnderTest server = fixture.Server;
        string[] clients = [.. versions];
        ScenarioResult[] results = await Task.WhenAll(clients.Select(version => new JavaClient(version, server.NameServerAddress).CheckAsync(scenario)));

        foreach ((string version, ScenarioResult result) in clients.Zip(results))
        {
            ScenarioResult last = !result.Passed && isClientsOwn?.Invoke(version, result) == true ? await new JavaClient(version, server.NameServerAddress).CheckAsync(scenario) : result;
            last.Passed.Should().BeTrue("client {0}: {1}\n{2}", version, last, await server.LogsAsync());
        }
    }
}
