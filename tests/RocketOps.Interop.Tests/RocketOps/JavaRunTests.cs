using RocketOps.Interop.Tests.Clients;
using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Testing;

namespace RocketOps.Interop.Tests.RocketOps;

/// <summary>The Java programs that other tests let run.</summary>
[Collection(RocketOpsFeaturesCollection.Name)]
public sealed class JavaRunTests(RocketOpsFeaturesFixture fixture)
{
    /// <summary>It takes an interruption for a send that failed, and goes on.</summary>
    [SkippableFact]
    public async Task Dispose_InTheMidstOfASend_EndsTheProgram()
    {
        Kit.Require(SharedKits.RocketMq);
        JavaRun producer = await new JavaClient(fixture.JavaVersions[^1], fixture.Server.NameServerAddress).StartAsync("send", "JavaStopped", "--count", "100000000", "--pause", "0", "--size", "16");
        await Eventually.TrueAsync(() => producer.Output.Contains("SEND_OK", StringComparison.Ordinal), "it sends");

        await producer.DisposeAsync();

        producer.HasExited.Should().BeTrue();
    }
}
