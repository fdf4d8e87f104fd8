using RocketOps.Interop.Tests.Clients;
using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Testing.Servers;
using Xunit.Abstractions;

namespace RocketOps.Interop.Tests;

/// <summary>Apache's Java clients try their features against the servers, scenario by scenario.</summary>
public abstract class RocketMqCheckTests(ServerFixture fixture, ITestOutputHelper output)
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
    public async Task Check_Scenario_Passes(string scenario)
    {
        ServerUnderTest server = fixture.Server;
        foreach (string version in fixture.JavaVersions)
        {
            JavaClient client = new(version, server.NameServerAddress);

            ScenarioResult result = await client.CheckAsync(scenario);
            for (int attempt = 2; !result.Passed && attempt <= fixture.ScenarioAttempts; attempt++)
            {
                output.WriteLine($"{scenario} of client {version} failed on {server.Name}, attempt {attempt} follows: {result}");
                result = await client.CheckAsync(scenario);
            }

            result.Passed.Should().BeTrue("client {0} on {1}: {2}\n{3}", version, server.Name, result, await server.LogsAsync());
        }
    }
}
