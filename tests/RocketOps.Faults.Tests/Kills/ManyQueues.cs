using System.Globalization;
using RocketOps.Faults.Tests.Loads;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Servers;

namespace RocketOps.Faults.Tests.Kills;

/// <summary>
/// Messages to the many queues of a topic with a long name, and topics that are deleted beside them: the inventory grows with each second,
/// and is written again at a deletion once it has grown enough.
/// </summary>
internal sealed class ManyQueues : IAsyncDisposable
{
    private const int Producers = 4;
    private const int Queues = 1_000;

    private static readonly string Topic = new('m', 120);

    private readonly ServerUnderTest _server;
    private readonly Workers _workers = new();
    private int _deleted;

    private ManyQueues(ServerUnderTest server) => _server = server;

    public static async Task<ManyQueues> StartAsync(ServerUnderTest server)
    {
        await using RawConnection broker = await RawConnection.ConnectAsync(server.BrokerAddress);
        (await RawBroker.CreateTopicAsync(broker, Topic, Queues)).Code.Should().Be(RawBroker.Success);
        ManyQueues many = new(server);
        many._workers.Start(Producers, many.SendAsync);
        many._workers.Start(1, _ => many.DeleteAsync());
        return many;
    }

    public Task StopAsync() => _workers.StopAsync();

    public ValueTask DisposeAsync() => _workers.DisposeAsync();

    private Task SendAsync(int number) => _workers.AgainAsync(_server, async broker =>
    {
        for (int queue = number; !_workers.IsStopping; queue = (queue + Producers) % Queues)
        {
            (await RawBroker.SendAsync(broker, Topic, queue, new byte[1])).Code.Should().Be(RawBroker.Success);
        }
    });

    private Task DeleteAsync() => _workers.AgainAsync(_server, async broker =>
    {
        while (!_workers.IsStopping)
        {
            string topic = string.Create(CultureInfo.InvariantCulture, $"Away{_deleted++}");
            (await RawBroker.CreateTopicAsync(broker, topic, 1)).Code.Should().Be(RawBroker.Success);
            (await RawBroker.DeleteTopicAsync(broker, topic)).Code.Should().Be(RawBroker.Success);
        }
    });
}
