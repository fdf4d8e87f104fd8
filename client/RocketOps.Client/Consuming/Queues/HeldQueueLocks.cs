using System.Collections.Concurrent;
using System.Text.Json;
using RocketOps.Client.Connections;
using RocketOps.Client.Diagnostics;
using RocketOps.Client.Json;
using RocketOps.Protocol.Bodies;
using RocketOps.Protocol.Commands;

namespace RocketOps.Client.Consuming.Queues;

/// <summary>
/// The queues that are locked at their brokers for this member of an orderly group: while it holds the lock no other member gets it. A broker forgets a lock 60 s after the last
/// renewal, and this end takes one for lost after half an interval more than one: the broker's clock began later. Thread-safe. Source: remoting.md §2.4, §5.8.
/// </summary>
internal sealed class HeldQueueLocks(ClientInstance client, PushConsumerOptions options)
{
    private readonly TimeSpan _lifetime = options.LockRenewInterval * 1.5;

    // Taking, renewing and giving back exclude each other: a renewal on its way must not take again what was given back meanwhile.
    private readonly SemaphoreSlim _gate = new(1, 1);

    // When the last request that the broker granted was sent.
    private readonly ConcurrentDictionary<MessageQueue, long> _held = new();

    /// <summary>True when the lock of the queue is held: no other member can have the queue.</summary>
    public bool IsHeld(MessageQueue queue) => _held.TryGetValue(queue, out long since) && options.TimeProvider.GetElapsedTime(since) < _lifetime;

    /// <summary>Takes locks and returns those it got. Brokers that do not answer are logged.</summary>
    public async Task<IReadOnlySet<MessageQueue>> LockAsync(IReadOnlyCollection<MessageQueue> queues, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return (await AskAsync(queues, cancellationToken).ConfigureAwait(false)).Granted;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Renews all locks and returns the queues that were lost.</summary>
    public async Task<IReadOnlyList<MessageQueue>> RenewAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            MessageQueue[] held = [.. _held.Keys];
            (IReadOnlySet<MessageQueue> granted, IReadOnlySet<MessageQueue> refused) = await AskAsync(held, cancellationToken).ConfigureAwait(false);
            List<MessageQueue> lost = [];
            foreach (MessageQueue queue in held.Where(queue => !granted.Contains(queue)))
            {
                if (refused.Contains(queue))
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
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Gives locks back. What fails is logged; the broker forgets the lock by itself.</summary>
    public async Task UnlockAsync(IReadOnlyCollection<MessageQueue> queues)
    {
        await _gate.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            MessageQueue[] held = [.. queues.Where(queue => _held.TryRemove(queue, out _))];
            await Task.WhenAll(ByBroker(held).Select(broker => GiveBackAsync(broker.Key, [.. broker]))).ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }

    private static IEnumerable<IGrouping<string, MessageQueue>> ByBroker(IEnumerable<MessageQueue> queues) =>
        queues.GroupBy(static queue => queue.BrokerName, StringComparer.Ordinal);

    private async Task<(IReadOnlySet<MessageQueue> Granted, IReadOnlySet<MessageQueue> Refused)> AskAsync(IEnumerable<MessageQueue> queues, CancellationToken cancellationToken)
    {
        HashSet<MessageQueue> granted = [];
        HashSet<MessageQueue> refused = [];
        foreach ((IReadOnlyList<MessageQueue> asked, IReadOnlySet<MessageQueue>? got) in await Task.WhenAll(
            ByBroker(queues).Select(broker => AskAsync(broker.Key, [.. broker], cancellationToken))).ConfigureAwait(false))
        {
            if (got is not null)
            {
                granted.UnionWith(got);
                refused.UnionWith(asked.Where(queue => !got.Contains(queue)));
            }
        }

        return (granted, refused);
    }

    /// <summary>Locks that a broker granted; null when it did not answer.</summary>
    private async Task<(IReadOnlyList<MessageQueue> Asked, IReadOnlySet<MessageQueue>? Granted)> AskAsync(
        string broker, IReadOnlyList<MessageQueue> queues, CancellationToken cancellationToken)
    {
        try
        {
            long now = options.TimeProvider.GetTimestamp();
            string address = AddressOf(broker);
            RemotingCommand response = await client.Caller.InvokeSuccessAsync(
                address, Request(RequestCode.LockBatchMq, queues), options.RequestTimeout, cancellationToken).ConfigureAwait(false);
            HashSet<MessageQueueKey> locked = [.. WireJson.Read(response, WireJson.Default.LockResultBody, address).Locked ?? []];
            HashSet<MessageQueue> granted = [.. queues.Where(queue => locked.Contains(KeyOf(queue)))];
            foreach (MessageQueue queue in granted)
            {
                _held[queue] = now;
            }

            return (queues, granted);
        }
        catch (RocketMqException failure)
        {
            ClientLog.LockFailed(client.Logger, options.Group, broker, queues.Count, failure.Message);
            return (queues, null);
        }
    }

    private async Task GiveBackAsync(string broker, IReadOnlyList<MessageQueue> queues)
    {
        try
        {
            await client.Caller.InvokeSuccessAsync(
                AddressOf(broker), Request(RequestCode.UnlockBatchMq, queues), options.RequestTimeout, CancellationToken.None).ConfigureAwait(false);
        }
        catch (RocketMqException failure)
        {
            ClientLog.UnlockFailed(client.Logger, options.Group, broker, queues.Count, failure.Message);
        }
    }

    private static MessageQueueKey KeyOf(MessageQueue queue) => new() { BrokerName = queue.BrokerName, QueueId = queue.QueueId, Topic = queue.Topic };

    private string AddressOf(string broker) => client.Routes.FindMaster(broker) ?? throw new RocketMqException($"broker {broker} has no master");

    private RemotingCommand Request(int code, IReadOnlyList<MessageQueue> queues)
    {
        RemotingCommand request = RemotingCommand.CreateRequest(code);
        request.Body = JsonSerializer.SerializeToUtf8Bytes(
            new LockBody { ClientId = client.ClientId, ConsumerGroup = options.Group, Queues = [.. queues.Select(KeyOf)] }, WireJson.Default.LockBody);
        return request;
    }
}
