using System.Buffers;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Configuration;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Headers;
using RocketOps.Store;

namespace RocketOps.Broker.Pulling;

/// <summary>
/// Reads the queue of a checked pull and answers it: messages are copied once, from the store into the connection's output. What would need the disk is read by the
/// store's own threads and answered from there. Called by the handler, and again for parked pulls. Thread-safe.
/// </summary>
internal sealed partial class PullExecutor(BrokerSettings settings, MessageStore store, PullCounters counters, ILogger<PullExecutor> logger)
{
    // Four numbers, a status name and the fixed part.
    private const int HeaderBytes = ResponseFrameWriter.FixedBytes + 512;

    /// <summary>Answers up to this size are written in place; a larger one is put together in a pooled buffer, as the output's blocks hold 64 KiB.</summary>
    private const int InPlaceBytes = 60 * 1024;

    private readonly GetResultPool _results = new();

    /// <summary>
    /// Answers the pull, unless nothing is there and it may wait: then false, nothing is written, and the caller parks it. <paramref name="flush"/> is false on the
    /// connection's own loop only.
    /// </summary>
    public bool TryAnswer(in PullArguments pull, bool flush)
    {
        long begunAt = counters.Begin();
        GetResult result = _results.Rent();
        GetStatus status = store.GetMessages(pull.Topic.StoreTopic, pull.QueueId, pull.Offset, new GetLimits(pull.MaxMessages), pull.Filter, result);
        if (status == GetStatus.WouldBlock || (status == GetStatus.Found && !TryWriteFound(pull, result, flush, begunAt)))
        {
            // Owned by the detached read, which returns the result and reports its failures.
            _ = AnswerFromDiskAsync(pull, result, begunAt);
            return true;
        }

        bool answered = status == GetStatus.Found || TryAnswerEmpty(pull, status, result, flush);
        _results.Return(result);
        return answered;
    }

    private bool TryAnswerEmpty(in PullArguments pull, GetStatus status, GetResult result, bool flush)
    {
        int code = PullCodes.From(status, pull.Offset);
        if (code == ResponseCode.PullNotFound && pull.HoldMs > 0)
        {
            return false;
        }

        counters.CountMissed();
        if (code == ResponseCode.SystemError)
        {
            pull.Connection.Reply(pull.SerializeType, pull.Opaque, code, "store getMessage return null");
            return true;
        }

        long next = code == ResponseCode.PullOffsetMoved && settings.Current is { IsSlave: true, OffsetCheckInSlave: false } ? pull.Offset : result.NextBeginOffset;
        using OutputLease output = pull.Connection.LeaseOutput(flush);
        ResponseFrameWriter writer = Begin(pull, output.GetSpan(HeaderBytes), code, status, result, next);
        output.Advance(writer.Complete(0));
        return true;
    }

    private bool TryWriteFound(in PullArguments pull, GetResult result, bool flush, long begunAt)
    {
        if (result.TotalBytes > InPlaceBytes)
        {
            return TryWriteLarge(pull, result, flush, begunAt);
        }

        using (OutputLease output = pull.Connection.LeaseOutput(flush))
        {
            Span<byte> span = output.GetSpan(HeaderBytes + result.TotalBytes);
            ResponseFrameWriter writer = Begin(pull, span, ResponseCode.Success, GetStatus.Found, result, result.NextBeginOffset);
            int headerLength = writer.Complete(result.TotalBytes);
            if (!store.TryCopyMessages(result, span.Slice(headerLength, result.TotalBytes)))
            {
                return false;
            }

            output.Advance(headerLength + result.TotalBytes);
        }

        counters.CountFound(result.Count, result.TotalBytes, begunAt);
        return true;
    }

    private bool TryWriteLarge(in PullArguments pull, GetResult result, bool flush, long begunAt)
    {
        byte[] body = ArrayPool<byte>.Shared.Rent(result.TotalBytes);
        try
        {
            if (!store.TryCopyMessages(result, body.AsSpan(0, result.TotalBytes)))
            {
                return false;
            }

            WriteFound(pull, result, body, flush, begunAt);
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(body);
        }
    }

    private void WriteFound(in PullArguments pull, GetResult result, byte[] body, bool flush, long begunAt)
    {
        using (OutputLease output = pull.Connection.LeaseOutput(flush))
        {
            ResponseFrameWriter writer = Begin(pull, output.GetSpan(HeaderBytes), ResponseCode.Success, GetStatus.Found, result, result.NextBeginOffset);
            output.Advance(writer.Complete(result.TotalBytes));
            output.Write(body.AsSpan(0, result.TotalBytes));
        }

        counters.CountFound(result.Count, result.TotalBytes, begunAt);
    }

    private async Task AnswerFromDiskAsync(PullArguments pull, GetResult result, long begunAt)
    {
        byte[]? body = null;
        try
        {
            GetStatus status = await store.GetMessagesAsync(
                pull.Topic.StoreTopic, pull.QueueId, pull.Offset, new GetLimits(pull.MaxMessages), pull.Filter, result, pull.Connection.Closed);
            if (status != GetStatus.Found)
            {
                // The caller has given the pull away: it is answered, not parked.
                pull.HoldMs = 0;
                TryAnswerEmpty(pull, status, result, flush: true);
                return;
            }

            body = ArrayPool<byte>.Shared.Rent(result.TotalBytes);
            if (await store.CopyMessagesAsync(result, body.AsMemory(0, result.TotalBytes), pull.Connection.Closed))
            {
                WriteFound(pull, result, body, flush: true, begunAt);
            }
            else
            {
                // Deleted between the two reads: the client asks again and is told the new beginning.
                pull.Connection.Reply(pull.SerializeType, pull.Opaque, ResponseCode.SystemError, "the messages were deleted while they were read");
            }
        }
        catch (OperationCanceledException)
        {
            // The connection is gone.
        }
        catch (Exception error)
        {
            LogColdReadFailed(error, pull.Topic.Name, pull.QueueId, pull.Offset, pull.Connection.RemoteEndPoint);
            pull.Connection.Reply(pull.SerializeType, pull.Opaque, ResponseCode.SystemBusy, $"reading from disk failed: {error.Message}");
        }
        finally
        {
            if (body is not null)
            {
                ArrayPool<byte>.Shared.Return(body);
            }

            _results.Return(result);
        }
    }

    private ResponseFrameWriter Begin(in PullArguments pull, Span<byte> destination, int code, GetStatus status, GetResult result, long nextBeginOffset)
    {
        long suggested = !settings.Current.SlaveReadEnable ? 0 : result.SuggestPullingFromSlave ? pull.SlowBrokerId : pull.BrokerId;
        ResponseFrameWriter writer = new(destination, pull.SerializeType, code, pull.Opaque, pull.Connection.Options.Version, PullCodes.RemarkOf(status));
        writer.Add("suggestWhichBrokerId"u8, suggested);
        writer.Add("nextBeginOffset"u8, nextBeginOffset);
        writer.Add("minOffset"u8, result.MinOffset);
        writer.Add("maxOffset"u8, result.MaxOffset);
        return writer;
    }

    [LoggerMessage(EventId = 3101, Level = LogLevel.Error, Message = "Reading {Topic} queue {QueueId} from offset {Offset} for {Remote} failed; the consumer tries again")]
    private partial void LogColdReadFailed(Exception error, string topic, int queueId, long offset, System.Net.IPEndPoint remote);
}
