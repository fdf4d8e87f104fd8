using RocketOps.Broker.Tests.Support;
using RocketOps.Testing.Remoting;

namespace RocketOps.Broker.Tests.Pulling;

/// <summary>The reference's lines about pulls, locks, heartbeats and offsets, asked of our broker. The interop ring asks Apache's 5.5.0.</summary>
public sealed class ConsumerRowsTests
{
    [Fact]
    public async Task Rows_AreAnsweredAsTheReferenceSays()
    {
        await using TestBroker broker = await TestBroker.StartAsync();

        IReadOnlyList<string> answers = await new ConsumerRows(() => RawConnection.ConnectAsync(broker.Address), "Rows").AskAsync();

        string.Join('\n', answers).Should().Be(string.Join('\n', ConsumerRows.Expected));
    }
}
