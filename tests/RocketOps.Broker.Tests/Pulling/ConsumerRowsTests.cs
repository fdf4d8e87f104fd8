using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing.Time;
using RocketOps.Testing;
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

    [Fact]
    public async Task RowsOfTime_AreAnsweredAsTheReferenceSays()
    {
        using TempDirectory directory = new("broker-");
        MovedTime time = new();
        TestBroker broker = await TestBroker.StartAsync(directory: directory, time: time);
        try
        {
            IReadOnlyList<string> answers;
            using (time.Hold())
            {
                answers = await new ConsumerRows(() => RawConnection.ConnectAsync(broker.Address), "RowsOfTime").AskOfTimeAsync(PassAsync, RestartAsync);
            }

            string.Join('\n', answers).Should().Be(string.Join('\n', ConsumerRows.ExpectedOfTime));
        }
        finally
        {
            await broker.DisposeAsync();
        }

        Task PassAsync(TimeSpan passes)
        {
            time.Pass(passes);

            // By itself every 10 s.
            broker.Host.Modules.Clients.Registry.Scan();
            return Task.CompletedTask;
        }

        async Task RestartAsync()
        {
            await broker.DisposeAsync();
            broker = await TestBroker.StartAsync(directory: directory, time: time);
        }
    }

    [Fact]
    public async Task RowsOfExpiredMessages_AreAnsweredAsTheReferenceSays()
    {
        MovedTime time = new();
        Dictionary<string, string> settings = new(StringComparer.Ordinal) { ["mappedFileSizeCommitLog"] = "1048576", ["fileReservedTime"] = "1" };
        await using TestBroker broker = await TestBroker.StartAsync(settings, time: time);

        IReadOnlyList<string> answers = await new ConsumerRows(() => RawConnection.ConnectAsync(broker.Address), "RowsOfExpiry").AskOfExpiryAsync(async () =>
        {
            time.Pass(TimeSpan.FromHours(2));
            (await broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.DeleteExpiredCommitLog))).Code.Should().Be(ResponseCode.Success);
        });

        string.Join('\n', answers).Should().Be(string.Join('\n', ConsumerRows.ExpectedOfExpiry));
    }
}
