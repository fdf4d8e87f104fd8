using System.Globalization;
using System.Text;
using RocketOps.Testing.Remoting;

namespace RocketOps.Testing.Attacks;

/// <summary>What hostile clients do. Each round ends with the broker's end of the connection, or when the client has done what it came for.</summary>
/// <param name="broker">Its address.</param>
/// <param name="heldBytes">What it may hold for its peers.</param>
internal sealed class AttackWays(string broker, long heldBytes)
{
    /// <summary>The topic that is filled.</summary>
    public const string Topic = "Attacked";

    /// <summary>The key of its large messages.</summary>
    public const string Key = "attacked";

    public const int Queues = 4;
    public const int SmallQueue = 0;
    public const int LargeQueue = 1;
    public const int LargeBytes = 1_000_000;

    // For those who wait for messages there, and send them.
    private const int ParkedQueue = 2;
    private const int TaggedQueue = 3;

    // The largest frame that a broker takes by default (com.rocketmq.remoting.frameMaxLength).
    private const int FrameBytes = 16 * 1024 * 1024;

    // More than the kernel takes for a broker that does not read: it holds the rest.
    private const int Taken = 12 * 1024 * 1024;

    private const int SendMessage = 10;
    private const int PullMessage = 11;
    private const int QueryMessage = 12;
    private const int UpdateConsumerOffset = 15;
    private const int GetAllTopicConfig = 21;
    private const int GetMaxOffset = 30;
    private const int HeartBeat = 34;
    private const int ConsumerSendMsgBack = 36;
    private const int GetAllConsumerOffset = 43;
    private const int GetAllSubscriptionGroupConfig = 201;
    private const int Suspends = RawFields.MayWait;
    private const int HasSubscription = RawFields.HasSubscription;

    /// <summary>Between two beginnings: an attack that ends at once is not to be one of connecting.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    // More than the broker needs when it is busy, less than pulls wait.
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(30);

    private readonly byte[] _unfinished = RawFrame.Encode("{"u8, new byte[FrameBytes - 1024])[..^1];
    private readonly byte[] _tinyFields = TinyFields();

    /// <summary>All of a large frame but its last byte, held for as long as the broker lets it.</summary>
    public async Task HoldAsync(RawConnection connection, Action bites, CancellationToken cancellationToken)
    {
        await BeginFrameAsync(connection, bites, cancellationToken);
        await connection.SendAsync(_unfinished.AsMemory(Taken), cancellationToken);
        await DrainAsync(connection, cancellationToken);
    }

    /// <summary>A large frame, byte by byte.</summary>
    public async Task DripAsync(RawConnection connection, Action bites, CancellationToken cancellationToken)
    {
        const int Begun = 50;
        for (int i = 0; i < _unfinished.Length; i++)
        {
            await connection.SendAsync(_unfinished.AsMemory(i, 1), cancellationToken);
            if (i == Begun)
            {
                bites();
            }

            await Task.Delay(Pause, cancellationToken);
        }
    }

    /// <summary>
    /// Unfinished frames of so many connections that they hold a little more than the broker may hold for all, and not yet a quarter more, at which it ends some on the spot. A byte of each goes on now and then. Held for as long
    /// as the broker lets all of them.
    /// </summary>
    public async Task HoldManyAsync(RawConnection connection, Action bites, CancellationToken cancellationToken)
    {
        List<RawConnection> others = [];
        try
        {
            for (long bytes = FrameBytes; bytes <= heldBytes; bytes += FrameBytes)
            {
                others.Add(await RawConnection.ConnectAsync(broker, cancellationToken));
            }

            int held = 0;
            using CancellationTokenSource ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            Task[] holding = [.. others.Append(connection).Select(one => HoldOpenAsync(one, () => Interlocked.Increment(ref held), ends.Token))];
            await Task.WhenAny(holding);
            await ends.CancelAsync();

            // Each ends with its connection, or now.
            await Task.WhenAll(holding).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
            if (held > 0)
            {
                bites();
            }
        }
        finally
        {
            foreach (RawConnection other in others)
            {
                await other.DisposeAsync();
            }
        }

        async Task HoldOpenAsync(RawConnection one, Action isHeld, CancellationToken end)
        {
            int left = _unfinished.Length - 1024;
            await BeginFrameAsync(one, isHeld, end);
            await one.SendAsync(_unfinished.AsMemory(Taken, left - Taken), end);
            for (; left < _unfinished.Length; left++)
            {
                await Task.Delay(Patience, end);
                await one.SendAsync(_unfinished.AsMemory(left, 1), end);
            }
        }
    }

    /// <summary>A request whose header is as long as a frame may be, of very many fields.</summary>
    public async Task SendTinyFieldsAsync(RawConnection connection, Action bites, CancellationToken cancellationToken)
    {
        try
        {
            await connection.SendAsync(_tinyFields, cancellationToken);
        }
        catch (IOException)
        {
            // It does not wait for the end of such a header.
            bites();
            throw;
        }

        await TakeOrEndAsync(connection, bites, static answer => answer.Code != RawBroker.Success, most: 1, cancellationToken);
    }

    /// <summary>Very many questions for large messages at once, whose answers nobody takes.</summary>
    public static async Task QueryAsync(RawConnection connection, Action bites, CancellationToken cancellationToken)
    {
        Dictionary<string, string> fields = new(StringComparer.Ordinal)
        {
            ["topic"] = Topic,
            ["key"] = Key,
            ["maxNum"] = "64",
            ["beginTimestamp"] = "0",
            ["endTimestamp"] = "9223372036854775807",
        };
        await SendManyAsync(connection, 1_000, _ => RawFrame.Request(QueryMessage, 1, fields), bites, cancellationToken);
        await Task.Delay(Patience, cancellationToken);
        await TakeOrEndAsync(connection, bites, IsLarge, most: 1, cancellationToken);
    }

    /// <summary>Filters that match nothing, over all there is.</summary>
    public static async Task FilterAsync(RawConnection connection, Action bites, CancellationToken cancellationToken)
    {
        for (int i = 0; i < 10; i++)
        {
            const int AtOnce = 100;
            await SendManyAsync(connection, AtOnce, _ => Pull(SmallQueue, 0, "a > 5 AND b LIKE '%never%' OR a IS NULL", "SQL92", HasSubscription), bites, cancellationToken);
            await TakeFirstAsync(connection, bites, static answer => answer.Code == RawBroker.PullRetryImmediately, AtOnce, cancellationToken);
        }
    }

    /// <summary>Very many pulls that wait for one tag, which comes when they have waited for a while.</summary>
    public async Task ParkAsync(RawConnection connection, Action bites, CancellationToken cancellationToken)
    {
        await using RawConnection other = await RawConnection.ConnectAsync(broker, cancellationToken);
        long offset = await EndAsync(other, ParkedQueue, cancellationToken);
        await SendManyAsync(connection, 20_000, number => Pull(ParkedQueue, offset, "late", "TAG", Suspends | HasSubscription, number), bites, cancellationToken);
        await Task.Delay(Patience, cancellationToken);
        await RawBroker.SendAsync(other, Topic, ParkedQueue, "late"u8.ToArray(), "TAGS\u0001late", cancellationToken);
        await TakeOrEndAsync(connection, bites, static answer => answer.Code == RawBroker.Success, most: int.MaxValue, cancellationToken);
    }

    /// <summary>Very many pulls that wait, each for a tag of its own, and messages that none of them wants, until one comes that one wants.</summary>
    public async Task ParkByTagAsync(RawConnection connection, Action bites, CancellationToken cancellationToken)
    {
        await using RawConnection other = await RawConnection.ConnectAsync(broker, cancellationToken);
        long offset = await EndAsync(other, TaggedQueue, cancellationToken);
        await SendManyAsync(connection, 10_000, number => Pull(TaggedQueue, offset, $"tag{Text(number)}", "TAG", Suspends | HasSubscription, number), bites, cancellationToken);
        await Task.Delay(Pause, cancellationToken);
        await SendManyAsync(other, 500, static _ => Send("TAGS\u0001another"), bites, cancellationToken);
        await DrainAsync(other, cancellationToken, 500);
        await RawBroker.SendAsync(other, Topic, TaggedQueue, "wanted"u8.ToArray(), "TAGS\u0001tag1", cancellationToken);
        await TakeOrEndAsync(connection, bites, static answer => answer.Code == RawBroker.Success, most: int.MaxValue, cancellationToken);
    }

    /// <summary>Many pulls that wait for one large message, which then comes; nobody takes their answers.</summary>
    public async Task WakeAsync(RawConnection connection, Action bites, CancellationToken cancellationToken)
    {
        await using RawConnection other = await RawConnection.ConnectAsync(broker, cancellationToken);
        long offset = await EndAsync(other, LargeQueue, cancellationToken);
        await SendManyAsync(connection, 200, number => Pull(LargeQueue, offset, "*", "TAG", Suspends | HasSubscription, number), bites, cancellationToken);
        await Task.Delay(Pause, cancellationToken);
        await RawBroker.SendAsync(other, Topic, LargeQueue, new byte[LargeBytes], cancellationToken);
        await Task.Delay(Patience, cancellationToken);
        await TakeOrEndAsync(connection, bites, IsLarge, most: 1, cancellationToken);
    }

    /// <summary>New groups by pulls and heartbeats, for as long as there are names.</summary>
    public static async Task MakeGroupsAsync(RawConnection connection, Action bites, CancellationToken cancellationToken)
    {
        for (int round = 0; round < 20; round++)
        {
            const int AtOnce = 50;
            await SendManyAsync(connection, AtOnce, _ => Pull(SmallQueue, 0, "*", "TAG", HasSubscription, group: $"attack-{Guid.NewGuid():N}"), bites, cancellationToken);
            await TakeFirstAsync(connection, bites, static answer => answer.Code == RawBroker.Success, AtOnce, cancellationToken);
            IEnumerable<string> groups = Enumerable.Range(0, 500).Select(static _ => $"attack-{Guid.NewGuid():N}");
            RawFrame heartbeat = RawFrame.Request(HeartBeat, 1, body: RawFields.Heartbeat("attack", producers: groups));
            await SendManyAsync(connection, 1, _ => heartbeat, bites, cancellationToken);
            await DrainAsync(connection, cancellationToken, 1);
        }
    }

    /// <summary>Messages to topics that nobody has, one each.</summary>
    public static async Task MakeTopicsAsync(RawConnection connection, Action bites, CancellationToken cancellationToken)
    {
        for (int round = 0; round < 20; round++)
        {
            const int AtOnce = 50;
            await SendManyAsync(connection, AtOnce, static _ => Send(string.Empty, $"attacked-{Guid.NewGuid():N}", queue: 0), bites, cancellationToken);
            await TakeFirstAsync(connection, bites, static answer => IsTakenOrRefused(answer, "maxTopics"), AtOnce, cancellationToken);
        }
    }

    /// <summary>Offsets of a few groups on queues that nobody has.</summary>
    public static async Task CommitAsync(RawConnection connection, Action bites, CancellationToken cancellationToken)
    {
        // A group that is there: it is made by its first pull.
        string group = $"commits-{Random.Shared.Next(16):x}";
        await SendManyAsync(connection, 1, _ => Pull(SmallQueue, 0, "*", "TAG", HasSubscription, group: group), bites, cancellationToken);
        await DrainAsync(connection, cancellationToken, 1);
        int first = Random.Shared.Next(40_000);
        for (int round = 0; round < 10; round++)
        {
            const int AtOnce = 2_000;
            int begin = first + (round * AtOnce);
            await SendManyAsync(connection, AtOnce, number => Commit(group, begin + number), bites, cancellationToken);
            await TakeFirstAsync(connection, bites, static answer => IsTakenOrRefused(answer, "maxConsumerOffsets"), AtOnce, cancellationToken);
        }
    }

    /// <summary>Many connections, each with as many subscriptions as one may have.</summary>
    public async Task SubscribeAsync(RawConnection connection, Action bites, CancellationToken cancellationToken)
    {
        List<RawConnection> others = [];
        try
        {
            string subscriptions = string.Join(',', Enumerable.Range(0, 9_000).Select(static i => $$"""{"subString":"*","subVersion":1,"topic":"attacked-{{i:x}}"}"""));
            for (int i = 0; i < 20; i++)
            {
                RawConnection other = i == 0 ? connection : await RawConnection.ConnectAsync(broker, cancellationToken);
                if (i > 0)
                {
                    others.Add(other);
                }

                RawFrame heartbeat = RawFrame.Request(
                    HeartBeat,
                    1,
                    body: Encoding.UTF8.GetBytes($$"""{"clientID":"attack-{{i}}","consumerDataSet":[{"groupName":"attack-{{i}}","messageModel":"CLUSTERING","subscriptionDataSet":[{{subscriptions}}]}],"producerDataSet":[]}"""));
                await SendManyAsync(other, 1, _ => heartbeat, bites, cancellationToken);
                await TakeOrEndAsync(other, bites, static answer => IsTakenOrRefused(answer, "maxRegistrations"), most: 1, cancellationToken);
            }

            await Task.Delay(Patience, cancellationToken);
        }
        finally
        {
            foreach (RawConnection other in others)
            {
                await other.DisposeAsync();
            }
        }
    }

    /// <summary>All topics, groups and offsets, as a slave asks for them, very often at once; nobody takes the answers.</summary>
    public static async Task AskForTablesAsync(RawConnection connection, Action bites, CancellationToken cancellationToken)
    {
        int[] tables = [GetAllTopicConfig, GetAllConsumerOffset, GetAllSubscriptionGroupConfig];
        await SendManyAsync(connection, 600, number => RawFrame.Request(tables[number % tables.Length], 1), bites, cancellationToken);
        await Task.Delay(Patience, cancellationToken);
        await TakeOrEndAsync(connection, bites, static answer => answer.Code == RawBroker.Success && !answer.Body.IsEmpty, most: 1, cancellationToken);
    }

    /// <summary>Pages of large messages that nobody takes.</summary>
    public static async Task LeaveUnreadAsync(RawConnection connection, Action bites, CancellationToken cancellationToken)
    {
        await SendManyAsync(connection, 300, number => Pull(LargeQueue, 0, "*", "TAG", HasSubscription, number), bites, cancellationToken);
        await Task.Delay(Patience, cancellationToken);
        await TakeOrEndAsync(connection, bites, IsLarge, most: 1, cancellationToken);
    }

    /// <summary>One large message, given back many times at once: each time the broker reads it and stores it anew.</summary>
    public async Task GiveBackAsync(RawConnection connection, Action bites, CancellationToken cancellationToken)
    {
        // As many megabytes, on the disk too.
        const int AtOnce = 40;
        await using RawConnection other = await RawConnection.ConnectAsync(broker, cancellationToken);
        RawFrame page = await RawBroker.PullAsync(other, Topic, LargeQueue, 0, 1, cancellationToken: cancellationToken);
        if (page.Code != RawBroker.Success)
        {
            // It has too much to do.
            return;
        }

        // Two hours: what comes back then would be stored once more.
        long large = RawMessage.DecodeAll(page.Body)[0].PhysicalOffset;
        Dictionary<string, string> fields = RawFields.SendBack("attack", Topic, large, "attack", delayLevel: 18);
        await SendManyAsync(connection, AtOnce, _ => RawFrame.Request(ConsumerSendMsgBack, 1, fields), bites, cancellationToken);
        await TakeFirstAsync(connection, bites, static answer => answer.Code == RawBroker.Success, AtOnce, cancellationToken);
        await Task.Delay(Patience, cancellationToken);
    }

    /// <summary>Bytes that are no frames, lengths that cannot be, and connections that are no use.</summary>
    public async Task MakeNoiseAsync(RawConnection connection, Action bites, CancellationToken cancellationToken)
    {
        byte[] noise = new byte[64 * 1024];
        Random.Shared.NextBytes(noise);
        // As a length that is none, or the broker would wait for the rest once in a while.
        noise[0] = 0xff;
        await connection.SendAsync(noise, cancellationToken);
        foreach (byte[] length in new byte[][] { [0xff, 0xff, 0xff, 0xff], [0x7f, 0xff, 0xff, 0xff], [0, 0, 0, 0], [0, 0, 0, 8, 0, 0xff, 0xff, 0xff, 0, 0, 0, 0] })
        {
            await using RawConnection other = await RawConnection.ConnectAsync(broker, cancellationToken);
            await other.SendAsync(length, cancellationToken);
        }

        await TakeOrEndAsync(connection, bites, static _ => false, most: int.MaxValue, cancellationToken);
    }

    /// <summary>So much of the large frame that the broker must have read of it.</summary>
    private async Task BeginFrameAsync(RawConnection connection, Action isHeld, CancellationToken cancellationToken)
    {
        await connection.SendAsync(_unfinished.AsMemory(0, Taken), cancellationToken);
        isHeld();
    }

    private static bool IsTakenOrRefused(RawFrame answer, string limit) => answer.Code == RawBroker.Success || answer.Remark?.Contains(limit, StringComparison.Ordinal) == true;

    private static bool IsLarge(RawFrame answer) => answer.Code == RawBroker.Success && answer.Body.Length >= LargeBytes;

    private static async Task<long> EndAsync(RawConnection connection, int queue, CancellationToken cancellationToken)
    {
        RawFrame end = await connection.RequestAsync(GetMaxOffset, RawFields.Queue(Topic, queue), cancellationToken: cancellationToken);
        return long.Parse(end.ExtFields.GetValueOrDefault("offset", "0"), CultureInfo.InvariantCulture);
    }

    /// <summary>Requests one behind the other. That the broker reads no more of them is as it should be, and what the client is after.</summary>
    private static async Task SendManyAsync(RawConnection connection, int count, Func<int, RawFrame> make, Action bites, CancellationToken cancellationToken)
    {
        using MemoryStream frames = new();
        for (int i = 0; i < count; i++)
        {
            frames.Write((make(i) with { Opaque = i + 1 }).Encode());
        }

        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        either.CancelAfter(Patience);
        try
        {
            await connection.SendAsync(frames.GetBuffer().AsMemory(0, (int)frames.Length), either.Token);
        }
        catch (OperationCanceledException waited) when (!cancellationToken.IsCancellationRequested)
        {
            bites();
            throw new IOException("The broker reads no more.", waited);
        }
    }

    /// <summary>Takes so many answers; the first has to be as wanted.</summary>
    private static async Task TakeFirstAsync(RawConnection connection, Action bites, Func<RawFrame, bool> wanted, int all, CancellationToken cancellationToken)
    {
        RawFrame? first = await connection.ReceiveAsync(cancellationToken);
        if (first is not null && wanted(first))
        {
            bites();
        }

        await DrainAsync(connection, cancellationToken, all - 1);
    }

    /// <summary>Takes answers, at most so many and for so long, until one is as wanted. A broker that ends the connection instead defends itself.</summary>
    private static async Task TakeOrEndAsync(RawConnection connection, Action bites, Func<RawFrame, bool> wanted, int most, CancellationToken cancellationToken)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        either.CancelAfter(AnswerPatience);
        try
        {
            for (int i = 0; i < most; i++)
            {
                if (await ReceiveAnswerAsync(connection, either.Token) is not { } answer || wanted(answer))
                {
                    bites();
                    return;
                }
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The next round may have it.
        }
        catch (IOException)
        {
            bites();
            throw;
        }
    }

    /// <summary>The next answer; null when the broker ended the connection. What the broker asks meanwhile (that members of a group have changed) is passed over.</summary>
    private static async Task<RawFrame?> ReceiveAnswerAsync(RawConnection connection, CancellationToken cancellationToken)
    {
        RawFrame? frame;
        do
        {
            frame = await connection.ReceiveAsync(cancellationToken);
        }
        while (frame is { IsResponse: false });
        return frame;
    }

    /// <summary>Takes as many answers, or all until the broker ends the connection.</summary>
    private static async Task DrainAsync(RawConnection connection, CancellationToken cancellationToken, int answers = int.MaxValue)
    {
        for (int i = 0; i < answers && await connection.ReceiveAsync(cancellationToken) is not null; i++)
        {
        }
    }

    private static RawFrame Send(string properties, string topic = Topic, int queue = TaggedQueue) =>
        RawFrame.Request(SendMessage, 1, RawFields.Send(topic, queue, properties, "attack", bornTimestamp: 0), "unwanted"u8.ToArray());

    private static RawFrame Commit(string group, int queue) =>
        RawFrame.Request(UpdateConsumerOffset, 1, RawFields.Commit(group, Topic, queue, 1));

    private static RawFrame Pull(
        int queue, long offset, string expression, string type, int flags, int number = 0, string group = "attack") =>
        RawFrame.Request(
            PullMessage,
            number,
            RawFields.Pull(group, Topic, queue, offset, int.MaxValue, flags, waitMs: 60_000, subscription: expression, expressionType: type));

    private static byte[] TinyFields()
    {
        StringBuilder header = new($$"""{"code":{{QueryMessage}},"language":"JAVA","version":395,"opaque":1,"flag":0,"serializeTypeCurrentRPC":"JSON","extFields":{"topic":"{{Topic}}" """);
        for (int i = 0; header.Length < FrameBytes - 1024; i++)
        {
            header.Append(CultureInfo.InvariantCulture, $",\"{i:x}\":\"\"");
        }

        return RawFrame.Encode(Encoding.ASCII.GetBytes(header.Append("}}").ToString()), []);
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
