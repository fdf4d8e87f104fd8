using System.Collections.Concurrent;
using RocketOps.Client.Calls;
using RocketOps.Client.Connections;
using RocketOps.Client.Diagnostics;
using RocketOps.Protocol.Commands;

namespace RocketOps.Client.Consuming.Offsets;

/// <summary>
/// Offsets of a clustering group, kept by the brokers. A queue has one commit under way at a time: Apache's brokers handle requests of
/// one connection in any order, and an older offset
/// that arrives after the last one would have the next member handle messages again.
/// </summary>
internal sealed class BrokerOffsetStore(ClientInstance client, PushConsumerOptions options) : IOffsetStore
{
    private readonly OffsetTable _table = new();

    /// <summary>Time for which a broker that did not answer the last commit is waited for.</summary>
    public static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(250);

    // As many as queues were ever committed here.
    private readonly ConcurrentDictionary<MessageQueue, QueueCommit> _commits = new();

    // Brokers that did not answer the last commit.
    private readonly ConcurrentDictionary<string, bool> _silent = new(StringComparer.Ordinal);

    public async Task<long?> LoadAsync(MessageQueue queue, CancellationToken cancellationToken)
    {
        if (client.Routes.FindForRead(queue.BrokerName, BrokerData.MasterId) is not { } member)
        {
            throw new RocketMqException($"no member of broker {queue.BrokerName} is known") { Reason = RocketMqErrorReason.NoRoute };
        }

        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.QueryConsumerOffset)
            .Set("consumerGroup", options.Group).Set("topic", queue.Topic).Set("queueId", queue.QueueId).Set("bname", queue.BrokerName);
        RemotingCommand response = await client.Caller.InvokeAsync(member.Address, request, options.RequestTimeout, cancellationToken).ConfigureAwait(false);
        return response.Code switch
        {
            ResponseCode.Success => response.ReadInt64("offset", 0, member.Address),
            ResponseCode.QueryNotFound => null,
            _ => throw new RocketMqException(response.Code, response.Remark, member.Address),
        };
    }

    public long? Find(MessageQueue queue) => _table.Find(queue);

    public void Note(MessageQueue queue, long offset) => _table.Note(queue, offset);

    public void Move(MessageQueue queue, long offset, bool byBroker) => _table.Move(queue, offset);

    public void Forget(MessageQueue queue) => _table.Forget(queue);

    /// <summary>
    /// Commits side by side. Of a broker whose last commit was not answered it waits a moment only: its offsets go on in the background,
    /// and a program that polls and commits in turn goes on with the other brokers. Returns an <see cref="OffsetsNotCommittedException"/>.
    /// </summary>
    public async Task<RocketMqException?> CommitAsync(IEnumerable<MessageQueue> queues, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        (MessageQueue Queue, Task<RocketMqException?> Commit)[] commits = [.. queues.Select(queue => (queue, CommitAsync(queue)))];
        ILookup<bool, Task<RocketMqException?>> bySilence = commits.ToLookup(commit => _silent.ContainsKey(commit.Queue.BrokerName), static commit => commit.Commit);
        await Task.WhenAll(bySilence[false]).ConfigureAwait(false);
        if (bySilence[true].Any())
        {
            await WaitAMomentAsync(Task.WhenAll(bySilence[true])).ConfigureAwait(false);
        }

        (MessageQueue Queue, RocketMqException? Failure)[] outcomes =
            [.. commits.Select(commit => (commit.Queue, commit.Commit.IsCompleted ? commit.Commit.Result : StillSilent(commit.Queue)))];
        MessageQueue[] failed = [.. outcomes.Where(static outcome => outcome.Failure is not null).Select(static outcome => outcome.Queue)];
        return failed.Length == 0 ? null : new OffsetsNotCommittedException(
            [.. outcomes.Where(static outcome => outcome.Failure is null).Select(static outcome => outcome.Queue)],
            failed,
            outcomes.First(static outcome => outcome.Failure is not null).Failure!);
    }

    private static RocketMqException StillSilent(MessageQueue queue) =>
        new($"broker {queue.BrokerName} did not answer the commit before, and has not answered this one yet");

    private async Task WaitAMomentAsync(Task commits)
    {
        using CancellationTokenSource waiting = new();
        await Task.WhenAny(commits, Task.Delay(Moment, options.TimeProvider, waiting.Token)).ConfigureAwait(false);
        await waiting.CancelAsync().ConfigureAwait(false);
    }

    private Task<RocketMqException?> CommitAsync(MessageQueue queue) => _commits.GetOrAdd(
        queue,
        static (queue, store) => new QueueCommit(
            () => store._table.Find(queue) is { } offset ? store.SendAsync(queue, offset) : Task.FromResult<RocketMqException?>(null)),
        this).CommitAsync();

    private async Task<RocketMqException?> SendAsync(MessageQueue queue, long offset)
    {
        try
        {
            // Slaves take no offsets: theirs come from the master.
            string address = client.Routes.FindMaster(queue.BrokerName) ?? throw new RocketMqException($"broker {queue.BrokerName} has no master") { Reason = RocketMqErrorReason.NoRoute };
            RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.UpdateConsumerOffset)
                .Set("consumerGroup", options.Group).Set("topic", queue.Topic).Set("queueId", queue.QueueId).Set("commitOffset", offset).Set("bname", queue.BrokerName);
            await client.Caller.InvokeSuccessAsync(address, request, options.RequestTimeout, CancellationToken.None).ConfigureAwait(false);
            _silent.TryRemove(queue.BrokerName, out _);
            return null;
        }
        catch (RocketMqException failure)
        {
            ClientLog.CommitFailed(client.Logger, failure.LogLevel, queue, offset, failure.Message);
            if (failure.ResponseCode is null)
            {
                _silent[queue.BrokerName] = true;
            }
            else
            {
                _silent.TryRemove(queue.BrokerName, out _);
            }

            return failure;
        }
    }
}
