using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Testing.Remoting;

namespace RocketOps.Interop.Tests;

/// <summary>The reference's lines about pulls, locks, heartbeats and offsets: one table, asked of our broker and of Apache's 5.5.0.</summary>
public abstract class ConsumerRowsTests(ServerFixture fixture)
{
    [SkippableFact]
    public async Task Rows_AreAnsweredAsWritten()
    {
        IReadOnlyList<string> answers = await new ConsumerRows(() => RawConnection.ConnectAsync(fixture.Server.BrokerAddress), "ConsumerRows").AskAsync();

        answers.Should().Equal(Expected, fixture.Server.Name);
    }

    protected abstract IReadOnlyList<string> Expected { get; }
}
