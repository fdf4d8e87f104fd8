using RocketOps.Cli.Connecting;
using RocketOps.Cli.Running;
using RocketOps.Client;

namespace RocketOps.Cli.Benching;

/// <summary>Reads all queues of a topic from their end on, in no group, and measures the messages of one run.</summary>
internal sealed class BenchReceiver
{
    private const int PullBatch = 32;
    private static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(15);

    private readonly ClusterConnection _cluster;
    private readonly long _run;
    private readonly TimeProvider _time;
    private readonly Action<TimeSpan> _measured;
    private Task _reading = Task.CompletedTask;
    private long _received;
    private string? _problem;

    private BenchReceiver(ClusterConnection cluster, long run, TimeProvider time, Action<TimeSpan> measured)
    {
        _cluster = cluster;
        _run = run;
        _time = time;
        _measured = measured;
    }

    public long Received => Interlocked.Read(ref _received);

    /// <summary>The first failure; what comes after it on that queue is missed.</summary>
    public string? Problem => Volatile.Read(ref _problem);

    /// <summary>Returns when the end of every queue is known: what is sent from now on is received.</summary>
    public static async Task<BenchReceiver> StartAsync(ClusterConnection cluster, string topic, long run, TimeProvider time, Action<TimeSpan> measured, CancellationToken cancellation)
    {
        BenchReceiver receiver = new(cluster, run, time, measured);
        TopicRoute route = await cluster.RouteAsync(topic, cancellation);
        List<Task> reading = [];
        foreach (BrokerData broker in ClusterConnection.WithMaster(route.Brokers))
        {
            string address = broker.MasterAddress!;
            for (int id = 0; id < (route.Queues.FirstOrDefault(queue => queue.BrokerName == broker.BrokerName)?.ReadQueues ?? 0); id++)
            {
                MessageQueue queue = new(topic, broker.BrokerName, id);
                reading.Add(receiver.ReadAsync(address, queue, await cluster.Reader.GetMaxOffsetAsync(address, queue, cancellation), cancellation));
            }
        }

        receiver._reading = Task.WhenAll(reading);
        return receiver;
    }

    /// <summary>Waits for the reads under way, after the token was cancelled. Never throws.</summary>
    public Task EndAsync() => _reading;

    private async Task ReadAsync(string address, MessageQueue queue, long offset, CancellationToken cancellation)
    {
        try
        {
            while (!cancellation.IsCancellationRequested)
            {
                ReadResult read = await _cluster.Reader.ReadAsync(address, queue, offset, PullBatch, SubscriptionExpression.All, LongPoll, cancellation);
                offset = read.NextOffset;
                foreach (ReceivedMessage message in read.Messages)
                {
                    if (BenchMark.Read(message.Body.Span, _run) is { } sent)
                    {
                        _measured(_time.GetElapsedTime(sent));
                        Interlocked.Increment(ref _received);
                    }
                }
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The run is over.
        }
        catch (RocketMqException failure)
        {
            Interlocked.CompareExchange(ref _problem, Failures.Describe(failure), null);
        }
    }
}
