using System.Diagnostics;
using System.Globalization;
using System.Text;
using RocketOps.Broker.Tests.Support;
using RocketOps.Testing.Remoting;

namespace RocketOps.Broker.Tests.Sending;

/// <summary>What one connection is served with, a thousand are.</summary>
public sealed class ManyConnectionsTests
{
    private const string Topic = "Many";
    private const int Connections = 1000;
    private const int Queues = 4;

    // Of this process, tests beside this one included: far below a thread for each connection.
    private const int MaxThreads = 500;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Send_OnAThousandConnectionsAtOnce_EachIsAnsweredAndStoredOnce()
    {
        using CancellationTokenSource late = new(Patience);
        await using TestBroker broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync(Topic, Queues);
        List<RawConnection> connections = [];
        try
        {
            for (int i = 0; i < Connections; i++)
            {
                connections.Add(await RawConnection.ConnectAsync(broker.Address, late.Token));
            }

            RawFrame[] first = await Task.WhenAll(connections.Select((connection, i) => SendAsync(connection, i, "first", late.Token)));
            using (Process self = Process.GetCurrentProcess())
            {
                self.Threads.Count.Should().BeLessThan(MaxThreads, "no thread belongs to a connection");
            }

            // Every other client leaves while the rest go on: what one connection's end takes away must be its own.
            IEnumerable<Task> leaving = connections.Where((_, i) => i % 2 == 1).Select(connection => connection.DisposeAsync().AsTask());
            Task<RawFrame[]> second = Task.WhenAll(connections.Where((_, i) => i % 2 == 0).Select((connection, i) => SendAsync(connection, i, "second", late.Token)));
            await Task.WhenAll(leaving);

            first.Concat(await second).Should().OnlyContain(answer => answer.Code == RawBroker.Success);
            first.Select(PlaceOf).Concat((await second).Select(PlaceOf)).Should().OnlyHaveUniqueItems("an offset is given once");
        }
        finally
        {
            foreach (RawConnection connection in connections)
            {
                await connection.DisposeAsync();
            }
        }

        IEnumerable<string> expected = Enumerable.Range(0, Connections).Select(i => $"first-{i}").Concat(Enumerable.Range(0, Connections / 2).Select(i => $"second-{i}"));
        (await ReadAllAsync(broker, late.Token)).Order(StringComparer.Ordinal).Should().Equal(expected.Order(StringComparer.Ordinal));
    }

    private static Task<RawFrame> SendAsync(RawConnection connection, int number, string round, CancellationToken cancellationToken) =>
        RawBroker.SendAsync(connection, Topic, number % Queues, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{round}-{number}")), cancellationToken);

    private static string PlaceOf(RawFrame answer) => $"{answer.ExtFields["queueId"]}/{answer.ExtFields["queueOffset"]}";

    private static async Task<List<string>> ReadAllAsync(TestBroker broker, CancellationToken cancellationToken)
    {
        List<string> bodies = [];
        await using RawConnection consumer = await RawConnection.ConnectAsync(broker.Address, cancellationToken);
        for (int queue = 0; queue < Queues; queue++)
        {
            RawFrame page;
            for (long next = 0; (page = await RawBroker.PullAsync(consumer, Topic, queue, next, cancellationToken: cancellationToken)).Code == RawBroker.Success;)
            {
                bodies.AddRange(RawMessage.DecodeAll(page.Body).Select(message => Encoding.UTF8.GetString(message.Body.Span)));
                next = long.Parse(page.ExtFields["nextBeginOffset"], CultureInfo.InvariantCulture);
            }
        }

        return bodies;
    }
}
