using System.Collections.Concurrent;
using System.Text.Json;
using RocketOps.Client.Connections;
using RocketOps.Client.Diagnostics;
using RocketOps.Client.Json;
using RocketOps.Protocol.Bodies;
using RocketOps.Protocol.Commands;

namespace RocketOps.Client.Consuming.Queues;

/// <summary>
/// The queues that are locked at their brokers for this member of an orderly group: while it holds the lock no other member gets it. A
/// broker forgets a lock 60 s after the last
/// renewal, and this end takes one for lost after half an interval more than one: the broker's clock began later. Thread-safe. Source:
/// remoting.md §2.4, §5.8.
/// </summary>
internal sealed class HeldQueueLocks(ClientInstance client, PushConsumerOptions options)
{
    private readonly TimeSpan _lifetime = options.LockRenewInterval * 1.5;

    // Taking, renewing and giving back at one broker exclude each other: a renewal on its way must not take again what was given back
    // meanwhile. Brokers do not wait for each other.
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _gates = new(StringComparer.Ordinal);

    // When the last request that the broker granted was sent, by both clocks.
    private readonly ConcurrentDictionary<MessageQueue, (long Timestamp, DateTimeOffset Clock)> _held = new();

    /// <summary>
    /// True when the lock of the queue is held: no other member can have the queue. Its age is the larger one by both clocks, as the
    /// monotonic one stands still while a machine is suspended, and the broker's does not.
    /// </summary>
    public bool IsHeld(MessageQueue queue) => _held.TryGetValue(queue, out (long Timestamp, DateTimeOffset Clock) since)
        && options.TimeProvider.GetElapsedTime(since.Timestamp) < _lifetime
        && options.TimeProvider.GetUtcNow() - since.Clock < _lifetime;

    /// <summary>Takes locks and returns those it got. Brokers that do not answer are logged.</summary>
    public async Task<IReadOnlySet<MessageQueue>> LockAsync(IReadOnlyCollection<MessageQueue> queues, CancellationToken cancellationToken)
    {
        HashSet<MessageQueue> granted = [];
        foreach (BrokerAnswer answer in await Task.WhenAll(
            ByBroker(queues).Select(broker => AskAsync(broker.Key, [.. broker], isRenewal: false, cancellationToken))).ConfigureAwait(false))
        {
            if (answer.Granted is { } locked)
            {
                granted.UnionWith(locked);
            }
        }

        return granted;
    }

    /// <summary>Renews all locks and returns the queues that were lost.</summary>
    public async Task<IReadOnlyList<MessageQueue>> RenewAsync(CancellationToken cancellationToken)
    {
        BrokerAnswer[] answers = await Task.WhenAll(
            ByBroker(_held.Keys).Select(broker => AskAsync(broker.Key, [.. broker], isRenewal: true, cancellationToken))).ConfigureAwait(false);
        return [.. answers.SelectMany(static answer => answer.Lost)];
    }

    /// <summary>Gives locks back. What fails is logged; the broker forgets the lock by itself.</summary>
    public async Task UnlockAsync(IReadOnlyCollection<MessageQueue> queues)
    {
        await Task.WhenAll(ByBroker(queues).Select(broker => GiveBackAsync(broker.Key, [.. broker]))).ConfigureAwait(false);
    }

    private static IEnumerable<IGrouping<string, MessageQueue>> ByBroker(IEnumerable<MessageQueue> queues) =>
        queues.GroupBy(static queue => queue.BrokerName, StringComparer.Ordinal);

    private SemaphoreSlim GateOf(string broker) => _gates.GetOrAdd(broker, static _ => new SemaphoreSlim(1, 1));

    private async Task<BrokerAnswer> AskAsync(
        string broker, MessageQueue[] queues, bool isRenewal, CancellationToken cancellationToken)
    {
        SemaphoreSlim gate = GateOf(broker);
        await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            MessageQueue[] asked = isRenewal ? [.. queues.Where(_held.ContainsKey)] : queues;
            if (asked.Length == 0)
            {
                return new BrokerAnswer(null, []);
            }

            IReadOnlySet<MessageQueue>? granted = await AskInTurnAsync(broker, asked, cancellationToken).ConfigureAwait(false);
            return new BrokerAnswer(granted, isRenewal ? DropLost(asked, granted) : []);
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Locks that a broker granted; null when it did not answer.</summary>
    private async Task<IReadOnlySet<MessageQueue>?> AskInTurnAsync(
        string broker, MessageQueue[] queues, CancellationToken cancellationToken)
    {
        try
        {
            (long, DateTimeOffset) now = (options.TimeProvider.GetTimestamp(), options.TimeProvider.GetUtcNow());
            string address = AddressOf(broker);
            RemotingCommand response = await client.Caller.InvokeSuccessAsync(
                address, Request(RequestCode.LockBatchMq, queues), options.RequestTimeout, cancellationToken).ConfigureAwait(false);
            HashSet<MessageQueueKey> locked = [.. WireJson.Read(response, WireJson.Default.LockResultBody, address).Locked ?? []];
            HashSet<MessageQueue> granted = [.. queues.Where(queue => locked.Contains(KeyOf(queue)))];
            foreach (MessageQueue queue in granted)
            {
                _held[queue] = now;
            }

            return granted;
        }
        catch (RocketMqException failure)
        {
            ClientLog.LockFailed(client.Logger, failure.LogLevel, options.Group, broker, queues.Length, failure.Message);
            return null;
        }
    }

    /// <summary>Forgets the locks that a renewal has not got and that are over. One whose broker did not answer lasts to its end.</summary>
    private List<MessageQueue> DropLost(IEnumerable<MessageQueue> asked, IReadOnlySet<MessageQueue>? granted)
    {
        List<MessageQueue> lost = [];
        foreach (MessageQueue queue in asked.Where(queue => granted?.Contains(queue) != true))
        {
            if (granted is not null)
            {
                ClientLog.LockLost(client.Logger, options.Group, queue);
            }
            else if (!IsHeld(queue))
            {
                ClientLog.LockExpired(client.Logger, options.Group, queue);
            }
            else
            {
                continue;
            }

            _held.TryRemove(queue, out _);
            lost.Add(queue);
        }

        return lost;
    }

    private async Task GiveBackAsync(string broker, MessageQueue[] queues)
    {
        SemaphoreSlim gate = GateOf(broker);
        await gate.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            MessageQueue[] held = [.. queues.Where(queue => _held.TryRemove(queue, out _))];
            if (held.Length > 0)
            {
                await client.Caller.InvokeSuccessAsync(
                    AddressOf(broker), Request(RequestCode.UnlockBatchMq, held), options.RequestTimeout, CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (RocketMqException failure)
        {
            ClientLog.UnlockFailed(client.Logger, options.Group, broker, queues.Length, failure.Message);
        }
        finally
        {
            gate.Release();
        }
    }

    private static MessageQueueKey KeyOf(MessageQueue queue) => new() { BrokerName = queue.BrokerName, QueueId = queue.QueueId, Topic = queue.Topic };

    private string AddressOf(string broker) => client.Routes.FindMaster(broker) ?? throw new RocketMqException($"broker {broker} has no master") { Reason = RocketMqErrorReason.NoRoute };

    private RemotingCommand Request(int code, IReadOnlyList<MessageQueue> queues)
    {
        RemotingCommand request = RemotingCommand.CreateRequest(code);
        request.Body = JsonSerializer.SerializeToUtf8Bytes(
            new LockBody { ClientId = client.ClientId, ConsumerGroup = options.Group, Queues = [.. queues.Select(KeyOf)] }, WireJson.Default.LockBody);
        return request;
    }

    /// <summary>Outcome of a request to one broker.</summary>
    /// <param name="Granted">The locks that it granted; null when it did not answer.</param>
    /// <param name="Lost">The locks that were held and are lost.</param>
    private readonly record struct BrokerAnswer(IReadOnlySet<MessageQueue>? Granted, IReadOnlyList<MessageQueue> Lost);
}
