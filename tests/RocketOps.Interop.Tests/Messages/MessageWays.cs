using RocketOps.Testing.Remoting;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests.Messages;

/// <summary>The table: every way, and what is seen at its end.</summary>
internal static class MessageWays
{
    private const int Retries = 1;
    private const int MoreThanAllRetries = 17;
    private const int FirstLevel = 1;
    private const int ToDeadLetters = -1;
    private const int Compressed = 0x1;
    private const int CompressedAsZlib = 0x301;

    private const string Retried = "topic:{retry} queueId:0 reconsumeTimes:1 DELAY=1 RETRY_TOPIC={topic} REAL_TOPIC={retry} REAL_QID=0";
    private const string DeadLetter = "topic:{dead} queueId:0 reconsumeTimes:1 DELAY=0 RETRY_TOPIC={topic} ORIGIN_MESSAGE_ID={first} WAIT=false";
    private const string Committed = "sysFlag:0x8 prepared:{half} TRAN_MSG=true PGROUP={group} __transactionId__={way}";
    private const string Apache4 = "apache-4.9.7";
    private const string Apache5 = "apache-5.5.0";
    private const string Timed = "TIMER_DELAY_MS=1500 TIMER_OUT_MS=now TIMER_ENQUEUE_MS=now TIMER_DEQUEUE_MS=now REAL_TOPIC={topic} REAL_QID=1";
    private const string NoTimers = "knows no timers";
    private const string ReplyTopic = $"{ServerUnderTest.ClusterName}_REPLY_TOPIC";
    private const string TraceTopic = "RMQ_SYS_TRACE_TOPIC";
    private const string NoWait = "takes WAIT out of what is stored, where it does not write the properties anew";
    private const string WritesTruePlace = "leaves the place of the half in the committed message";

    /// <summary>What is so on every way.</summary>
    public static IReadOnlyList<MessageDifference> EveryWay { get; } = [new(Apache4, "adds both only for a hook, of which the distribution has none", "-MSG_REGION -TRACE_ON")];

    public static IReadOnlyList<MessageWay> All { get; } =
    [
        new("plain", PlainAsync, string.Empty) { Differences = [new(Apache4, NoWait, "-WAIT")] },
        new("compressed", traveller => CompressedAsync(traveller, Compressed), "sysFlag:0x1") { Differences = [new(Apache4, NoWait, "-WAIT")] },
        new("compressed_5x", traveller => CompressedAsync(traveller, CompressedAsZlib), "sysFlag:0x301") { Differences = [new(Apache4, NoWait, "-WAIT")] },
        new("batch", BatchAsync, "queueOffset:1 -CLUSTER -MSG_REGION -TRACE_ON")
        {
            Differences = [new(Apache4, "appends the batch's own properties to those of each message", "CLUSTER=DefaultCluster +WAIT=true")],
        },
        new("delay", DelayAsync, "DELAY=1 REAL_TOPIC={topic} REAL_QID=1"),
        new("retry", RetryAsync, $"{Retried} ORIGIN_MESSAGE_ID={{first}} WAIT=false"),
        new("retry_twice", RetryTwiceAsync, $"{Retried} queueOffset:1 reconsumeTimes:2 ORIGIN_MESSAGE_ID={{first}} WAIT=false"),
        new("retry_by_send", RetryBySendAsync, $"{Retried} ORIGIN_MESSAGE_ID=7F000001"),
        new("retry_of_delay", RetryOfDelayAsync, $"{Retried} ORIGIN_MESSAGE_ID={{first}} WAIT=false"),
        new("dead_letter", DeadLetterAsync, DeadLetter),
        new("dead_letter_of_retry", DeadLetterOfRetryAsync, $"{DeadLetter} reconsumeTimes:2 REAL_TOPIC={{retry}} REAL_QID=0"),
        new("dead_letter_by_send", DeadLetterBySendAsync, "topic:{dead} queueId:0 reconsumeTimes:17 RETRY_TOPIC={topic} ORIGIN_MESSAGE_ID=7F000001 DELAY=-1")
        {
            Differences = [new(Apache4, "delays what goes to dead letters once more", "DELAY=1 REAL_TOPIC={dead} REAL_QID=0")],
        },
        new("transaction", TransactionAsync, Committed) { Differences = [new(Apache4, WritesTruePlace, "REAL_TOPIC={topic} REAL_QID=1 -__transactionId__")] },
        new("transaction_check", TransactionCheckAsync, $"{Committed} TRANSACTION_CHECK_TIMES=1")
        {
            Differences =
            [
                new(Apache4, WritesTruePlace, "REAL_TOPIC={topic} REAL_QID=1 -__transactionId__"),
                new(Apache4, "forgets the producer's flag when it puts a half back to ask again; ours keeps it", "flag:0"),
                new(Apache5, "forgets the producer's flag when it puts a half back to ask again; ours keeps it", "flag:0"),
            ],
        },
        new("retry_of_transaction", RetryOfTransactionAsync, $"{Retried} sysFlag:0x8 ORIGIN_MESSAGE_ID={{first}} WAIT=false TRAN_MSG=true PGROUP={{group}} __transactionId__={{way}}")
        {
            Differences = [new(Apache4, "has no such property", "-__transactionId__")],
        },
        new("timer", TimerAsync, Timed) { Differences = [new(Apache4, NoTimers, "-TIMER_OUT_MS -TIMER_ENQUEUE_MS -TIMER_DEQUEUE_MS -REAL_TOPIC -REAL_QID -WAIT")] },
        new("retry_of_timer", RetryOfTimerAsync, $"{Retried} ORIGIN_MESSAGE_ID={{first}} WAIT=false TIMER_OUT_MS=now TIMER_ENQUEUE_MS=now TIMER_DEQUEUE_MS=now")
        {
            Differences = [new(Apache4, NoTimers, "-TIMER_OUT_MS -TIMER_ENQUEUE_MS -TIMER_DEQUEUE_MS TIMER_DELAY_MS=1500")],
        },
        new("reply_message", ReplyAsync, $"topic:{ReplyTopic} queueId:0 -CLUSTER CORRELATION_ID=c-1 REPLY_TO_CLIENT=reply_message@asker MSG_TYPE=reply"),
        new("trace", TraceAsync, $"topic:{TraceTopic} queueId:0") { Differences = [new(Apache4, NoWait, "-WAIT")] },
    ];

    private static async Task<IReadOnlyList<string>> PlainAsync(WayTraveller traveller)
    {
        await traveller.SendAsync(traveller.Topic);
        return SeenMessage.Describe(traveller, await traveller.ReceiveAsync(traveller.Topic));
    }

    private static async Task<IReadOnlyList<string>> CompressedAsync(WayTraveller traveller, int sysFlag)
    {
        await traveller.SendCompressedAsync(sysFlag);
        return SeenMessage.Describe(traveller, await traveller.ReceiveAsync(traveller.Topic));
    }

    private static async Task<IReadOnlyList<string>> BatchAsync(WayTraveller traveller)
    {
        await traveller.SendBatchAsync();
        return SeenMessage.Describe(traveller, await traveller.ReceiveAsync(traveller.Topic));
    }

    private static async Task<IReadOnlyList<string>> DelayAsync(WayTraveller traveller)
    {
        await traveller.SendAsync(traveller.Topic, [$"DELAY={FirstLevel}"]);
        return SeenMessage.Describe(traveller, await traveller.ReceiveAsync(traveller.Topic));
    }

    private static async Task<IReadOnlyList<string>> RetryAsync(WayTraveller traveller)
    {
        (RawRecord first, RawRecord retried) = await ToRetryTopicAsync(traveller);
        return SeenMessage.Describe(traveller, retried, first);
    }

    private static async Task<IReadOnlyList<string>> RetryTwiceAsync(WayTraveller traveller)
    {
        (RawRecord first, RawRecord retried) = await ToRetryTopicAsync(traveller);
        await traveller.SendBackAsync(retried, FirstLevel);
        return SeenMessage.Describe(traveller, await traveller.ReceiveAsync(traveller.RetryTopic, from: 1), first);
    }

    private static async Task<IReadOnlyList<string>> RetryBySendAsync(WayTraveller traveller)
    {
        await traveller.BecomeConsumerAsync();
        await traveller.SendAsync(traveller.RetryTopic, [$"RETRY_TOPIC={traveller.Topic}", "ORIGIN_MESSAGE_ID=7F000001", $"DELAY={FirstLevel}"], reconsumeTimes: Retries, queue: 0);
        return SeenMessage.Describe(traveller, await traveller.ReceiveAsync(traveller.RetryTopic));
    }

    private static async Task<IReadOnlyList<string>> DeadLetterBySendAsync(WayTraveller traveller)
    {
        await traveller.BecomeConsumerAsync();
        await traveller.SendAsync(traveller.RetryTopic, [$"RETRY_TOPIC={traveller.Topic}", "ORIGIN_MESSAGE_ID=7F000001", $"DELAY={FirstLevel}"], reconsumeTimes: MoreThanAllRetries, queue: 0);
        return SeenMessage.Describe(traveller, await traveller.ReceiveAsync(traveller.DeadLetterTopic));
    }

    private static async Task<IReadOnlyList<string>> RetryOfDelayAsync(WayTraveller traveller)
    {
        (RawRecord first, RawRecord retried) = await ToRetryTopicAsync(traveller, $"DELAY={FirstLevel}");
        return SeenMessage.Describe(traveller, retried, first);
    }

    private static async Task<IReadOnlyList<string>> DeadLetterAsync(WayTraveller traveller)
    {
        await traveller.SendAsync(traveller.Topic);
        RawRecord first = await traveller.ReceiveAsync(traveller.Topic);
        await traveller.SendBackAsync(first, ToDeadLetters);
        return SeenMessage.Describe(traveller, await traveller.ReceiveAsync(traveller.DeadLetterTopic), first);
    }

    private static async Task<IReadOnlyList<string>> DeadLetterOfRetryAsync(WayTraveller traveller)
    {
        (RawRecord first, RawRecord retried) = await ToRetryTopicAsync(traveller);
        await traveller.SendBackAsync(retried, ToDeadLetters);
        return SeenMessage.Describe(traveller, await traveller.ReceiveAsync(traveller.DeadLetterTopic), first);
    }

    private static async Task<IReadOnlyList<string>> TransactionAsync(WayTraveller traveller)
    {
        await traveller.SendHalfAsync();
        await traveller.CommitAsync();
        return SeenMessage.Describe(traveller, await traveller.ReceiveAsync(traveller.Topic), half: traveller.SentPhysicalOffset);
    }

    private static async Task<IReadOnlyList<string>> TransactionCheckAsync(WayTraveller traveller)
    {
        await traveller.BecomeProducerAsync();
        await traveller.SendHalfAsync();
        long half = await traveller.CommitWhenAskedAsync();
        return SeenMessage.Describe(traveller, await traveller.ReceiveAsync(traveller.Topic), half: half);
    }

    private static async Task<IReadOnlyList<string>> RetryOfTransactionAsync(WayTraveller traveller)
    {
        await traveller.SendHalfAsync();
        await traveller.CommitAsync();
        RawRecord first = await traveller.ReceiveAsync(traveller.Topic);
        await traveller.SendBackAsync(first, FirstLevel);
        return SeenMessage.Describe(traveller, await traveller.ReceiveAsync(traveller.RetryTopic), first);
    }

    private static async Task<IReadOnlyList<string>> TimerAsync(WayTraveller traveller)
    {
        await traveller.SendAsync(traveller.Topic, ["TIMER_DELAY_MS=1500"]);
        return SeenMessage.Describe(traveller, await traveller.ReceiveAsync(traveller.Topic));
    }

    private static async Task<IReadOnlyList<string>> RetryOfTimerAsync(WayTraveller traveller)
    {
        (RawRecord first, RawRecord retried) = await ToRetryTopicAsync(traveller, "TIMER_DELAY_MS=1500");
        return SeenMessage.Describe(traveller, retried, first);
    }

    private static async Task<IReadOnlyList<string>> ReplyAsync(WayTraveller traveller)
    {
        await traveller.SendReplyAsync(ReplyTopic);
        return SeenMessage.Describe(traveller, await traveller.ReceiveSentAsync(ReplyTopic), shares: true);
    }

    /// <summary>What a client's trace is to the broker: a message to a topic of one queue.</summary>
    private static async Task<IReadOnlyList<string>> TraceAsync(WayTraveller traveller)
    {
        await traveller.SendAsync(TraceTopic, queue: 0);
        return SeenMessage.Describe(traveller, await traveller.ReceiveSentAsync(TraceTopic), shares: true);
    }

    private static async Task<(RawRecord First, RawRecord Retried)> ToRetryTopicAsync(WayTraveller traveller, params string[] properties)
    {
        await traveller.SendAsync(traveller.Topic, properties);
        RawRecord first = await traveller.ReceiveAsync(traveller.Topic);
        await traveller.SendBackAsync(first, FirstLevel);
        return (first, await traveller.ReceiveAsync(traveller.RetryTopic));
    }
}
