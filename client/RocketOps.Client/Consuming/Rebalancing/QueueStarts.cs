using System.Runtime.CompilerServices;
using RocketOps.Client.Connections;
using RocketOps.Client.Consuming.Offsets;
using RocketOps.Client.Consuming.Queues;
using RocketOps.Client.Diagnostics;

namespace RocketOps.Client.Consuming.Rebalancing;

/// <summary>
/// Takes the locks of queues that a member is to read, and finds the offsets where it begins: of all brokers side by side, so that a
/// broker that does not answer holds up no queue of another. Used by one <see cref="Rebalancer"/>; its rounds may ask for several topics
/// at a time.
/// </summary>
internal sealed class QueueStarts(ClientInstance client, PushConsumerOptions options, StartOffsets offsets, HeldQueueLocks? locks)
{
    /// <summary>Questions to one broker at a time.</summary>
    private const int MaxQuestions = 32;

    /// <summary>Time for which all brokers are waited for, so that queues that come together are told together.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);

    private volatile bool _awaitsLocks;

    /// <summary>Returns true when a lock was missing since the last call: another member still had it.</summary>
    public bool TakeAwaitsLocks()
    {
        bool awaits = _awaitsLocks;
        _awaitsLocks = false;
        return awaits;
    }

    /// <summary>
    /// The queues that may be read, with the offsets where reading begins: those of all brokers that answer at once together, the others
    /// as their brokers answer. Left out are queues whose lock another member has, and those whose broker does not say: the next
    /// rebalance asks again. What fails is logged.
    /// </summary>
    public async IAsyncEnumerable<IReadOnlyList<QueueStart>> FindAsync(
        string topic, IReadOnlyCollection<MessageQueue> queues, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        List<Task<IReadOnlyList<QueueStart>>> asking =
        [
            .. queues.GroupBy(static queue => queue.BrokerName, StringComparer.Ordinal)
                .Select(broker => FindOfBrokerAsync(topic, broker.Key, [.. broker], cancellationToken)),
        ];
        await WaitForAllAsync(asking, cancellationToken).ConfigureAwait(false);
        while (asking.Count > 0)
        {
            await Task.WhenAny(asking).ConfigureAwait(false);
            List<QueueStart> found = [];
            foreach (Task<IReadOnlyList<QueueStart>> answered in asking.FindAll(static each => each.IsCompleted))
            {
                asking.Remove(answered);
                found.AddRange(await answered.ConfigureAwait(false));
            }

            if (found.Count > 0)
            {
                yield return found;
            }
        }
    }

    private async Task WaitForAllAsync(List<Task<IReadOnlyList<QueueStart>>> asking, CancellationToken cancellationToken)
    {
        using CancellationTokenSource waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(Task.WhenAll(asking), Task.Delay(Patience, options.TimeProvider, waiting.Token)).ConfigureAwait(false);
        await waiting.CancelAsync().ConfigureAwait(false);
    }

    private async Task<IReadOnlyList<QueueStart>> FindOfBrokerAsync(
        string topic, string broker, MessageQueue[] queues, CancellationToken cancellationToken)
    {
        IReadOnlyCollection<MessageQueue> allowed = await LockAsync(topic, queues, cancellationToken).ConfigureAwait(false);
        Lock gate = new();
        List<QueueStart> found = [];
        RocketMqException? unreachable = null;
        await Parallel.ForEachAsync(
            allowed,
            new ParallelOptions { MaxDegreeOfParallelism = MaxQuestions, CancellationToken = cancellationToken },
            async (queue, token) =>
            {
                if (Volatile.Read(ref unreachable) is not null)
                {
                    // Each further question would take its whole time, too.
                    return;
                }

                try
                {
                    long offset = await offsets.FindAsync(queue, token).ConfigureAwait(false);
                    lock (gate)
                    {
                        found.Add(new QueueStart(queue, offset));
                    }
                }
                catch (RocketMqException refused) when (refused.ResponseCode is not null)
                {
                    ClientLog.RebalanceFailed(client.Logger, refused.LogLevel, options.Group, queue, refused.Message);
                }
                catch (RocketMqException silent)
                {
                    Interlocked.CompareExchange(ref unreachable, silent, null);
                }
            }).ConfigureAwait(false);
        if (unreachable is not null)
        {
            string part = $"{topic} at broker {broker}";
            ClientLog.RebalanceFailed(client.Logger, unreachable.LogLevel, options.Group, part, unreachable.Message);
        }

        if (locks is not null)
        {
            await locks.UnlockAsync([.. allowed.Except(found.Select(static start => start.Queue))]).ConfigureAwait(false);
        }

        return found;
    }

    /// <summary>The queues that may be read: in an orderly group those whose lock was got.</summary>
    private async Task<IReadOnlyCollection<MessageQueue>> LockAsync(string topic, MessageQueue[] queues, CancellationToken cancellationToken)
    {
        if (locks is null)
        {
            return queues;
        }

        IReadOnlySet<MessageQueue> locked = await locks.LockAsync(queues, cancellationToken).ConfigureAwait(false);
        if (locked.Count < queues.Length)
        {
            _awaitsLocks = true;
            ClientLog.LocksAwaited(client.Logger, options.Group, queues.Length - locked.Count, topic);
        }

        return locked;
    }
}

/// <summary>A queue that is to be read.</summary>
/// <param name="Queue">The queue.</param>
/// <param name="Offset">The offset of the first message to be read.</param>
internal readonly record struct QueueStart(MessageQueue Queue, long Offset);
