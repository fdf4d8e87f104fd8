using System.Buffers.Text;
using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Tasks.Sources;
using RocketOps.Client.Calls;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Framing;
using RocketOps.Protocol.Headers;
using RocketOps.Protocol.Names;
using RocketOps.Remoting.Connections;

namespace RocketOps.Client.Producing.Sending;

/// <summary>
/// One attempt to send: its request written straight into the connection's output, its answer read where it arrived. Ends once, by the
/// answer, the time-out, the caller's
/// token or the end of the connection, whichever comes first. SendMessageRequestHeaderV2, one letter per field (remoting.md §2.2).
/// </summary>
internal sealed class SendCall(OutgoingMessage message, MessageQueue queue, ProducerOptions options) : DirectRequest, ISendCall, IValueTaskSource<SendAnswer>
{
    /// <summary>Longer texts than any name are encoded on the heap.</summary>
    private const int StackChars = 128;

    private const int MaxUtf8PerChar = 3;
    private const int NumberChars = 20;

    // Continuations leave the thread that receives for all.
    private ManualResetValueTaskSourceCore<SendAnswer> _core = new() { RunContinuationsAsynchronously = true };
    private RemotingConnection? _connection;
    private long _sentAt;
    private TimeSpan _wait;
    private bool _hasExtraTime;
    private int _ended;

    /// <inheritdoc/>
    public bool WasSent { get; private set; }

    protected override int MaxHeaderBytes => ResponseFrameWriter.FixedBytes
        + Bound(options.Group) + Bound(message.Topic) + Bound(TopicNames.AutoCreateTemplate) + Bound(queue.BrokerName)
        + ResponseFrameWriter.MaxFieldBytes(1, message.Properties.Length)
        + (9 * ResponseFrameWriter.MaxFieldBytes(1, NumberChars));

    protected override ReadOnlyMemory<byte> Body => message.Body;

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<SendAnswer> InvokeAsync(RemotingConnection connection, TimeSpan timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _connection = connection;
        _wait = timeout;
        _sentAt = options.TimeProvider.GetTimestamp();
        using ITimer timer = StartTimer(timeout);
        using CancellationTokenRegistration givingUp = cancellationToken.UnsafeRegister(
            static (state, token) => ((SendCall)state!).TryEnd(new OperationCanceledException(token)), this);
        try
        {
            WasSent = connection.TrySend(this);
            if (!WasSent)
            {
                TryEnd(new IOException($"the connection to {connection.RemoteEndPoint} is closed"));
            }

            return await new ValueTask<SendAnswer>(this, _core.Version).ConfigureAwait(false);
        }
        finally
        {
            connection.Forget(this);
        }
    }

    SendAnswer IValueTaskSource<SendAnswer>.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<SendAnswer>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<SendAnswer>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    protected override int WriteHeader(Span<byte> destination, int opaque, int version)
    {
        ResponseFrameWriter writer = new(
            destination, SerializeType.Json, RequestCodeOf(message), opaque, version, flag: 0);
        Add(ref writer, "a"u8, options.Group);
        Add(ref writer, "b"u8, message.Topic);
        Add(ref writer, "c"u8, TopicNames.AutoCreateTemplate);
        writer.Add("d"u8, options.DefaultTopicQueues);
        writer.Add("e"u8, queue.QueueId);
        writer.Add("f"u8, message.SysFlag);
        writer.Add("g"u8, options.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds());
        writer.Add("h"u8, message.Flag);
        writer.Add("i"u8, message.Properties.Span);
        writer.Add("j"u8, message.ReconsumeTimes);
        writer.Add("k"u8, value: false);
        writer.Add("m"u8, message.Kind == OutgoingKind.Batch);
        Add(ref writer, "n"u8, queue.BrokerName);
        if (message.Retry is { } retry && TopicNames.IsRetry(message.Topic))
        {
            writer.Add("l"u8, retry.MaxReconsumeTimes);
        }

        return writer.Complete(message.Body.Length);
    }

    protected override void OnAnswer(in RequestFrame answer)
    {
        string? id = null;
        string? recallHandle = null;
        string? region = null;
        bool isTraceWanted = true;
        int queueId = -1;
        long offset = -1;
        if (answer.Code is ResponseCode.Success or ResponseCode.FlushDiskTimeout or ResponseCode.FlushSlaveTimeout or ResponseCode.SlaveNotAvailable)
        {
            Span<byte> scratch = answer.ScratchBytes <= 1024 ? stackalloc byte[1024] : new byte[answer.ScratchBytes];
            ExtFieldReader fields = new(answer, scratch);
            while (fields.TryRead(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
            {
                if (name.SequenceEqual("msgId"u8))
                {
                    id = Encoding.UTF8.GetString(value);
                }
                else if (name.SequenceEqual("recallHandle"u8))
                {
                    recallHandle = Encoding.UTF8.GetString(value);
                }
                else if (message.Trace is not null && name.SequenceEqual("MSG_REGION"u8))
                {
                    region = Encoding.UTF8.GetString(value);
                }
                else if (message.Trace is not null && name.SequenceEqual("TRACE_ON"u8))
                {
                    isTraceWanted = !value.SequenceEqual("false"u8);
                }
                else if (name.SequenceEqual("queueId"u8))
                {
                    queueId = Utf8Parser.TryParse(value, out int number, out int read) && read == value.Length && number >= 0 ? number : -1;
                }
                else if (name.SequenceEqual("queueOffset"u8))
                {
                    offset = Utf8Parser.TryParse(value, out long number, out int read) && read == value.Length && number >= 0 ? number : -1;
                }
            }
        }

        SendAnswer result = new(answer.Code, answer.Code == ResponseCode.Success ? null : answer.ToCommand().Remark, id, queueId, offset, recallHandle, answer.Version);
        if (Interlocked.Exchange(ref _ended, 1) == 0)
        {
            if (message.Trace is { } trace)
            {
                trace.Region = string.IsNullOrEmpty(region) ? trace.Region : region;
                trace.IsWanted = isTraceWanted;
            }

            _core.SetResult(result);
        }
    }

    protected override void OnFailed(Exception error) => TryEnd(error);

    private static int RequestCodeOf(OutgoingMessage message) => message.Kind switch
    {
        OutgoingKind.Batch => RequestCode.SendBatchMessage,
        OutgoingKind.Reply => RequestCode.SendReplyMessageV2,
        _ => RequestCode.SendMessageV2,
    };

    private static int Bound(string text) => ResponseFrameWriter.MaxFieldBytes(1, text.Length * MaxUtf8PerChar);

    private static void Add(ref ResponseFrameWriter writer, ReadOnlySpan<byte> name, string value)
    {
        Span<byte> encoded = value.Length <= StackChars ? stackalloc byte[StackChars * MaxUtf8PerChar] : new byte[value.Length * MaxUtf8PerChar];
        writer.Add(name, encoded[..Encoding.UTF8.GetBytes(value, encoded)]);
    }

    private ITimer StartTimer(TimeSpan time) => options.TimeProvider.CreateTimer(static state => ((SendCall)state!).OnTimer(), this, time, Timeout.InfiniteTimeSpan);

    private void OnTimer()
    {
        TimeoutJudgement judgement = _connection!.JudgeTimeout(_sentAt, _wait);
        if (judgement.Cause == TimeoutCause.BusyProgram && !_hasExtraTime)
        {
            // Fires once and is collected: it ends nothing that has ended.
            _hasExtraTime = true;
            _wait += RemotingConnection.ExtraTime;
            _ = StartTimer(RemotingConnection.ExtraTime);
            return;
        }

        if (TryEnd(judgement.ToException("no answer came in time")))
        {
            _connection.GiveUpIfSilent(judgement);
        }
    }

    private bool TryEnd(Exception error)
    {
        bool isFirst = Interlocked.Exchange(ref _ended, 1) == 0;
        if (isFirst)
        {
            _core.SetException(error);
        }

        return isFirst;
    }
}
