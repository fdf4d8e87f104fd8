using RocketOps.Interop.Tests.Clients;
using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests;

/// <summary>Apache's Java clients try their features against the servers, scenario by scenario.</summary>
public abstract class RocketMqCheckTests(ServerFixture fixture)
{
    private const string Scenarios = "^(normal|utf8|tags|oneway|async|batch|large|zlib|lz4|zstd|broadcast|pull|resume)$";
    private const int ScenarioCount = 13;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(6);

    [SkippableFact]
    public async Task Check_EveryScenario_Passes()
    {
        ServerUnderTest server = fixture.Server;
        foreach (string version in fixture.JavaVersions)
        {
            JavaClient client = new(version, server.NameServerAddress);

            ProcessResult result = await client.CheckAsync(Scenarios, Patience);

            result.Output.Should().Contain($"{ScenarioCount} passed, 0 failed", "client {0}: {1}\n{2}", version, result, await server.LogsAsync());
            result.ExitCode.Should().Be(0);
        }
    }
}
