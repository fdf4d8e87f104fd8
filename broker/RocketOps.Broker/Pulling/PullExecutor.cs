using Microsoft.Extensions.Logging;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Overload;
using RocketOps.Broker.Roles;
using RocketOps.Remoting.Connections;
using RocketOps.Store;
using RocketOps.Store.Contracts;
using RocketOps.Store.Reading;

namespace RocketOps.Broker.Pulling;

/// <summary>
/// Reads the queue of a checked pull and answers it through the pull's sink: messages are copied once, from the store to where they leave from. What would need the disk
/// is read by the store's own threads and answered from there. Called by the handlers, and again for parked pulls. Thread-safe.
/// </summary>
internal sealed partial class PullExecutor(CurrentOptions<PullOptions> options, CurrentRole role, MessageStore store, PullCounters counters, RefusedReads refused, ILogger<PullExecutor> logger)
{
    private readonly GetResultPool _results = new();

    /// <summary>
    /// Answers the pull, unless nothing is there and it may wait: then false, nothing is written, and the caller parks it. <paramref name="flush"/> is false on the
    /// connection's own loop only.
    /// </summary>
    public bool TryAnswer(in PullArguments pull, bool flush)
    {
        if (pull.ResetTo is { } resetTo)
        {
            AnswerReset(pull, resetTo, flush);
            return true;
        }

        // Step 5 of a pull; the sink does step 6.
        long begunAt = counters.Begin();
        GetResult result = _results.Rent();
        GetStatus status = store.Reader.GetMessages(pull.Topic.StoreTopic, pull.QueueId, pull.Offset, new GetLimits(pull.MaxMessages), pull.Filter, result);
        if (status == GetStatus.WouldBlock || (status == GetStatus.Found && !TryAnswerFound(pull, result, flush, begunAt)))
        {
            AnswerFromDisk(pull, result, begunAt);
            return true;
        }

        bool answered = status == GetStatus.Found || TryAnswerEmpty(pull, status, result, flush);
        _results.Return(result);
        return answered;
    }

    /// <summary>Answers a pull whose answering has failed unexpectedly, so that its consumer asks again.</summary>
    public void Fail(in PullArguments pull, Exception error)
    {
        LogReadFailed(error, pull.Topic.Name, pull.QueueId, pull.Offset, pull.Ticket.Peer);
        pull.Ticket.Sink.Fail(pull.Ticket, PullFailure.ReadFailed, error.Message);
    }

    /// <summary>Tells the consumer to go on elsewhere, in the way it is told that its offset is out of range.</summary>
    private void AnswerReset(in PullArguments pull, long resetTo, bool flush)
    {
        counters.CountMissed();
        pull.Traffic?.NotePull(pull.QueueId, resetTo);
        (long min, long max) = store.Reader.TryGetOffsets(pull.Topic.StoreTopic, pull.QueueId, out QueueOffsets bounds) ? bounds : new QueueOffsets(0, resetTo);
        pull.Ticket.Sink.Answer(pull.Ticket, new PullAnswer(PullOutcome.OffsetReset, GetStatus.OffsetOverflowBadly, resetTo, min, max, options.Value.SlaveReadEnable ? pull.BrokerId : 0), default, flush);
    }

    private bool TryAnswerEmpty(in PullArguments pull, GetStatus status, GetResult result, bool flush)
    {
        PullOutcome outcome = PullCodes.From(status, pull.Offset);
        if (outcome == PullOutcome.NotFound && pull.HoldMs > 0)
        {
            return false;
        }

        counters.CountMissed();
        if (outcome == PullOutcome.NotReadable)
        {
            pull.Ticket.Sink.Fail(pull.Ticket, PullFailure.NotReadable);
            return true;
        }

        PullAnswer answer = AnswerOf(pull, outcome, status, result, result.NextBeginOffset);
        if (outcome == PullOutcome.OffsetMoved && role.IsSlave && !options.Value.OffsetCheckInSlave)
        {
            // A slave may be behind its master: the consumer keeps its offset and asks the broker its group reads from.
            answer = answer with { Outcome = PullOutcome.RetryAtOnce, NextOffset = pull.Offset, SuggestedBrokerId = pull.BrokerId };
        }

        pull.Ticket.Sink.Answer(pull.Ticket, answer, default, flush);
        return true;
    }

    private bool TryAnswerFound(in PullArguments pull, GetResult result, bool flush, long begunAt)
    {
        if (!pull.Ticket.Sink.TryAnswer(pull.Ticket, AnswerOf(pull, PullOutcome.Found, GetStatus.Found, result, result.NextBeginOffset), result, store.Reader, flush))
        {
            return false;
        }

        counters.CountFound(pull, result.MessageCount, result.TotalBytes, begunAt);
        return true;
    }

    private void AnswerFromDisk(in PullArguments pull, GetResult result, long begunAt)
    {
        if (store.Reader.TryGetMessagesCold(
            pull.Topic.StoreTopic, pull.QueueId, pull.Offset, new GetLimits(pull.MaxMessages), pull.Filter, result, pull.GoneToken, out Task<GetStatus>? reading))
        {
            // Owned by the detached read, which returns the result and reports its failures.
            _ = AnswerFromDiskAsync(pull, result, reading, begunAt);
        }
        else
        {
            _results.Return(result);
            Refuse(pull);
        }
    }

    /// <summary>Tells the consumer to ask again later: the disk cannot keep up. There are thousands of these a second when it cannot.</summary>
    private void Refuse(in PullArguments pull)
    {
        refused.Count();
        pull.Ticket.Sink.Fail(pull.Ticket, PullFailure.DiskBusy);
    }

    private async Task AnswerFromDiskAsync(PullArguments pull, GetResult result, Task<GetStatus> reading, long begunAt)
    {
        byte[]? body = null;
        int held = 0;
        try
        {
            GetStatus status = await reading;
            if (status != GetStatus.Found)
            {
                // The caller has given the pull away: it is answered, not parked.
                pull.HoldMs = 0;
                TryAnswerEmpty(pull, status, result, flush: true);
                return;
            }

            held = result.TotalBytes;
            pull.Hold(held);
            body = FrameBuffers.Rent(held);
            if (!store.Reader.TryCopyMessagesCold(result, body.AsMemory(0, held), pull.GoneToken, out Task<bool>? copying))
            {
                Refuse(pull);
            }
            else if (await copying)
            {
                pull.Ticket.Sink.Answer(
                    pull.Ticket, AnswerOf(pull, PullOutcome.Found, GetStatus.Found, result, result.NextBeginOffset), body.AsSpan(0, result.TotalBytes), flush: true);
                counters.CountFound(pull, result.MessageCount, result.TotalBytes, begunAt);
            }
            else
            {
                pull.Ticket.Sink.Fail(pull.Ticket, PullFailure.DeletedMeanwhile);
            }
        }
        catch (OperationCanceledException)
        {
            // Nobody waits for the answer any more.
        }
        catch (Exception error)
        {
            Fail(pull, error);
        }
        finally
        {
            if (body is not null)
            {
                FrameBuffers.Return(body);
            }

            pull.Hold(-held);
            _results.Return(result);
        }
    }

    private PullAnswer AnswerOf(in PullArguments pull, PullOutcome outcome, GetStatus status, GetResult result, long nextOffset)
    {
        long suggested = !options.Value.SlaveReadEnable ? 0 : result.SuggestPullingFromSlave ? pull.SlowBrokerId : pull.BrokerId;
        pull.Traffic?.NotePull(pull.QueueId, nextOffset);
        return new PullAnswer(outcome, status, nextOffset, result.MinOffset, result.MaxOffset, suggested);
    }

    [LoggerMessage(EventId = 3101, Level = LogLevel.Error, Message = "Reading {Topic} queue {QueueId} from offset {Offset} for {Consumer} failed; the consumer tries again")]
    private partial void LogReadFailed(Exception error, string topic, int queueId, long offset, object consumer);
}
