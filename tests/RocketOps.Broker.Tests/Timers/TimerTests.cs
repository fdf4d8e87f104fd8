using System.Globalization;
using System.Text;
using System.Text.Json;
using RocketOps.Broker.Hosting.Modules;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Store.Files;
using RocketOps.Testing.Time;
using RocketOps.Testing;
using RocketOps.Testing.Rings;

namespace RocketOps.Broker.Tests.Timers;

public sealed class TimerTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Send_WithADelay_ArrivesWhenItIsDueAndNotBefore()
    {
        FakeTimeProvider time = new();
        await using TimerBroker broker = await TimerBroker.StartAsync(new MemoryFileSystem(), time);
        long sentMs = time.NowMs;
        (await broker.SendAsync("five", 5_000)).Code.Should().Be(ResponseCode.Success);
        (await broker.SendAsync("three", 2_999)).Code.Should().Be(ResponseCode.Success);
        await broker.UntilTakenAsync(2);

        time.Advance(TimeSpan.FromMilliseconds(2_998));
        (await broker.BodiesAsync()).Should().BeEmpty();
        time.Advance(TimeSpan.FromMilliseconds(2));
        await broker.UntilReceivedAsync("three");
        (await broker.BodiesAsync()).Should().Equal("three");
        time.Advance(TimeSpan.FromMilliseconds(sentMs + 5_000 - time.NowMs));
        await broker.UntilReceivedAsync("five");

        IReadOnlyList<Requests.Received> messages = await broker.ReceivedAsync();
        messages.Select(static message => message.Body).Should().Equal("three", "five");
        foreach ((Requests.Received message, long due) in messages.Zip([sentMs + 2_999, sentMs + 5_000]))
        {
            long.Parse(message.Properties.Get("TIMER_DEQUEUE_MS")!, CultureInfo.InvariantCulture).Should().BeGreaterThanOrEqualTo(due, "never before its time").And.BeLessThan(due + 1_100);
        }
    }

    /// <summary>As the code of Apache's 5.5.0 broker leaves them: everything that was there, and what the timer adds.</summary>
    [Fact]
    public async Task Deliver_Properties_AreThoseApacheLeaves()
    {
        FakeTimeProvider time = new();
        await using TimerBroker broker = await TimerBroker.StartAsync(new MemoryFileSystem(), time);
        long sentMs = time.NowMs;
        await broker.SendAsync("one", 4_000, ("KEYS", "k"));
        await broker.UntilTakenAsync(1);
        time.Advance(4 * Second);
        await broker.UntilReceivedAsync("one");

        Requests.Received message = (await broker.ReceivedAsync()).Single();

        message.Topic.Should().Be(TimerBroker.Topic);
        message.Properties.Get("KEYS").Should().Be("k");
        message.Properties.Get("TIMER_DELAY_MS").Should().Be("4000");
        message.Properties.Get("TIMER_OUT_MS").Should().Be((sentMs + 3_000).ToString(CultureInfo.InvariantCulture));
        message.Properties.Get("TIMER_ENQUEUE_MS").Should().Be(sentMs.ToString(CultureInfo.InvariantCulture));
        message.Properties.Get("TIMER_DEQUEUE_MS").Should().NotBeNull();
        message.Properties.Get("REAL_TOPIC").Should().Be(TimerBroker.Topic);
        message.Properties.Get("REAL_QID").Should().Be("0");
        message.Properties.Get("TIMER_ROLL_TIMES").Should().BeNull();
    }

    /// <summary>As they may have come into the log when other limits held: what is added has no room, and they are delivered as they are.</summary>
    [Theory]
    [InlineData(0, false)]
    [InlineData(5_000, false)]
    [InlineData(35_000, true)]
    public async Task Deliver_PropertiesLeaveNoRoom_ArrivesAllTheSame(int delayMs, bool rolls)
    {
        FakeTimeProvider time = new();
        await using TimerBroker broker = await TimerBroker.StartAsync(new MemoryFileSystem(), time, ("timerRollWindowSlot", rolls ? "10" : "1000"));
        long slotMs = (time.NowMs + delayMs) / 1_000 * 1_000;
        BrokerModules modules = broker.Broker.Host.Modules;
        OwnedMessage message = new()
        {
            Topic = modules.Timers.Router.Topic,
            QueueId = 0,
            Body = "full"u8.ToArray(),
            Properties = Encoding.UTF8.GetBytes(Requests.Properties(
                ("k", new string('v', 32_680)), ("REAL_TOPIC", TimerBroker.Topic), ("REAL_QID", "0"), ("TIMER_OUT_MS", slotMs.ToString(CultureInfo.InvariantCulture)))),
        };
        (await modules.Messages.Appender.AppendAsync(message, waitForDisk: true)).IsOk.Should().BeTrue();

        await broker.RunUntilAsync(TimeSpan.FromMilliseconds(delayMs + 2_000), 1);

        Requests.Received received = (await broker.ReceivedAsync()).Should().ContainSingle().Subject;
        (received.Body, received.Properties.Get("TIMER_DEQUEUE_MS")).Should().Be(("full", null));
    }

    [Fact]
    public async Task Deliver_ItsTopicIsGone_IsKeptAndTheNextIsDelivered()
    {
        FakeTimeProvider time = new();
        await using TimerBroker broker = await TimerBroker.StartAsync(new MemoryFileSystem(), time, ("httpPort", "-1"));
        await broker.Broker.CreateTopicAsync("Gone");
        (await broker.Broker.InvokeAsync(Requests.Send("Gone", "lost", 0, Requests.Properties(("TIMER_DELAY_MS", "3000"))))).Code.Should().Be(ResponseCode.Success);
        await broker.SendAsync("kept", 3_000);
        (await broker.Broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.DeleteTopicInBroker).Set("topic", "Gone"))).Code.Should().Be(ResponseCode.Success);
        await broker.UntilTakenAsync(2);
        using HttpClient http = new();
        string before = string.Empty;
        await Eventually.TrueAsync(
            async () => (before = await http.GetStringAsync($"http://{broker.Broker.Host.HttpEndPoint}/metrics")).Split('\n').Any(static line => line.StartsWith("rocketmq_timing_messages{", StringComparison.Ordinal) && line.EndsWith(" 2", StringComparison.Ordinal)),
            "both wait");

        time.Advance(4 * Second);
        await broker.UntilReceivedAsync("kept");

        IReadOnlyList<Requests.Received> kept = [];
        await Eventually.TrueAsync(
            async () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(1));
                return (kept = Requests.Decode(await broker.Broker.PullAsync("reader", "rmq_sys_undeliverable", 0, 0, sysFlag: 4, subscription: "*"))).Count > 0;
            },
            "the other one is kept");
        kept.Should().ContainSingle().Which.Body.Should().Be("lost");
        before.Should().MatchRegex("(?m)^rocketmq_timer_dequeue_latency\\{.*\\} 0$").And.MatchRegex("(?m)^rocketops_messages_undeliverable_total\\{.*\\} 0$");
    }

    [Theory]
    [InlineData("TIMER_DELAY_SEC", "259201", ResponseCode.MessageIllegal)]
    [InlineData("TIMER_DELAY_MS", "259200001", ResponseCode.MessageIllegal)]
    [InlineData("TIMER_DELAY_MS", "soon", ResponseCode.MessageIllegal)]
    [InlineData("TIMER_DELAY_SEC", "9223372036854775807", ResponseCode.MessageIllegal)]
    [InlineData("TIMER_DELIVER_MS", "9223372036854775807", ResponseCode.MessageIllegal)]
    [InlineData("TIMER_DELAY_SEC", "259200", ResponseCode.Success)]
    [InlineData("TIMER_DELAY_MS", "-5", ResponseCode.Success)]
    public async Task Send_AnyTime_IsTakenUpToTheLongest(string property, string value, int code)
    {
        FakeTimeProvider time = new();
        await using TimerBroker broker = await TimerBroker.StartAsync(new MemoryFileSystem(), time);

        RemotingCommand answer = await broker.Broker.InvokeAsync(Requests.Send(TimerBroker.Topic, "any", 0, Requests.Properties((property, value))));

        answer.Code.Should().Be(code);
        if (code != ResponseCode.Success)
        {
            answer.Remark.Should().StartWith("timer message illegal, the delay time should not be bigger than the max delay 259200000ms");
        }
    }

    [Fact]
    public async Task Send_TimeThatIsPast_IsStoredAtOnce()
    {
        FakeTimeProvider time = new();
        await using TimerBroker broker = await TimerBroker.StartAsync(new MemoryFileSystem(), time);

        await broker.Broker.SendAsync(TimerBroker.Topic, "past", properties: Requests.Properties(("TIMER_DELIVER_MS", "1000")));

        (await broker.ReceivedAsync()).Single().Properties.Get("TIMER_OUT_MS").Should().BeNull();
        (await broker.Broker.InvokeAsync(Requests.Send(TimerBroker.Topic, "x", 0, Requests.Properties(("TIMER_DELIVER_MS", "1000"), ("TIMER_DEL_UNIQKEY", "k"))))).Code
            .Should().Be(ResponseCode.MessageIllegal, "there is nothing to delete any more");
    }

    [Fact]
    public async Task Send_WheelIsOff_IsRefused()
    {
        await using TimerBroker broker = await TimerBroker.StartAsync(new MemoryFileSystem(), new FakeTimeProvider(), ("timerWheelEnable", "false"));

        RemotingCommand answer = await broker.SendAsync("any", 1_000);

        answer.Code.Should().Be(ResponseCode.SystemError);
        answer.Remark.Should().Be("accurate timer message is not enabled, timerWheelEnable is false");
    }

    [Fact]
    public async Task Send_LevelAndTime_TheLevelCounts()
    {
        FakeTimeProvider time = new();
        await using TimerBroker broker = await TimerBroker.StartAsync(new MemoryFileSystem(), time);

        await broker.SendAsync("both", 60_000, ("DELAY", "1"));
        time.Advance(2 * Second);
        await broker.UntilReceivedAsync("both");

        (await broker.ReceivedAsync()).Single().Properties.Get("TIMER_DELAY_MS").Should().BeNull("the level goes before");
    }

    [Fact]
    public async Task Send_DeliveredMessageAsItCame_IsNotTimedAgain()
    {
        await using TimerBroker broker = await TimerBroker.StartAsync(new MemoryFileSystem(), new FakeTimeProvider());

        await broker.SendAsync("again", 60_000, ("TIMER_OUT_MS", "5000"), ("REAL_TOPIC", TimerBroker.Topic), ("REAL_QID", "0"));

        (await broker.BodiesAsync()).Should().Equal("again");
    }

    [Fact]
    public async Task Send_TooManyForOneSlot_AreRefusedInTheEnd()
    {
        await using TimerBroker broker = await TimerBroker.StartAsync(new MemoryFileSystem(), new FakeTimeProvider(), ("timerCongestNumEachSlot", "10"));
        int sent = 0;
        RemotingCommand? refusal = null;
        while (refusal is null && sent < 1_000)
        {
            RemotingCommand answer = await broker.SendAsync($"m{sent}", 5_000);
            if (answer.Code == ResponseCode.Success)
            {
                await broker.UntilTakenAsync(++sent);
            }
            else
            {
                refusal = answer;
            }
        }

        sent.Should().BeInRange(11, 20);
        refusal!.Code.Should().Be(ResponseCode.SystemError);
        refusal.Remark.Should().StartWith("timer message is under flow control, max num limit is 20 or the current value is greater than 10 and less than 20");
        (await broker.SendAsync("other", 9_000)).Code.Should().Be(ResponseCode.Success, "other slots have room");
    }

    /// <summary>As 5.5.0 tells them (GET_BROKER_RUNTIME_INFO, tried there): whole seconds, messages, rates.</summary>
    [Fact]
    public async Task RuntimeInfo_MessagesWaitAndComeDue_TellsHowMany()
    {
        // The figures tell how much room the disk has, so there must be one.
        using TempDirectory directory = new();
        await using TimerBroker broker = await TimerBroker.StartAsync(new LinuxFileSystem(), new FakeTimeProvider(), ("storePathRootDir", directory.Path));
        (await FiguresAsync(broker)).Should().Be("behind 0, not taken 0, waiting 0, in 0.0, out 0.0");
        foreach (string body in (string[])["one", "two", "three"])
        {
            (await broker.SendAsync(body, 60_000)).Code.Should().Be(ResponseCode.Success);
        }

        await Eventually.TrueAsync(async () => (await FiguresAsync(broker)).StartsWith("behind 0, not taken 0, waiting 3, ", StringComparison.Ordinal), "three messages wait");
        await broker.UntilTakenAsync(3);
        broker.Time.Advance(TimeSpan.FromSeconds(8));
        (await FiguresAsync(broker)).Should().NotContain("in 0.0", "three were taken within the last ten seconds");

        broker.Time.Advance(TimeSpan.FromSeconds(53));
        await broker.UntilReceivedAsync("one", "two", "three");
        await Eventually.TrueAsync(async () => (await FiguresAsync(broker)).StartsWith("behind 0, not taken 0, waiting 0, ", StringComparison.Ordinal), "none waits any more");
    }

    [Fact]
    public async Task Restart_MessagesWait_EachArrivesOnce()
    {
        MemoryFileSystem files = new();
        FakeTimeProvider time = new();
        await using (TimerBroker before = await TimerBroker.StartAsync(files, time))
        {
            for (int i = 0; i < 100; i++)
            {
                await before.SendAsync($"m{i}", 1_000 + (i * 100));
            }

            await before.UntilTakenAsync(100);
            (await before.RunUntilAsync(6 * Second, 30)).Should().HaveCountLessThan(100);
        }

        await using TimerBroker broker = await TimerBroker.StartAsync(files, time);
        time.Advance(12 * Second);
        await broker.UntilReceivedAsync([.. Enumerable.Range(0, 100).Select(static i => $"m{i}")]);

        (await broker.BodiesAsync()).Should().OnlyHaveUniqueItems();
    }

    /// <summary>The files say little that the topic does not say: without them all that waits is delivered nevertheless.</summary>
    [Theory]
    [InlineData("timerwheel")]
    [InlineData("timerlog/00000000000000000000")]
    [InlineData("config/timercheck")]
    [InlineData("")]
    public async Task Restart_FilesAreDamaged_WhatWaitsArrives(string damaged)
    {
        MemoryFileSystem files = new();
        FakeTimeProvider time = new();
        await using (TimerBroker before = await TimerBroker.StartAsync(files, time))
        {
            for (int i = 0; i < 20; i++)
            {
                await before.SendAsync($"m{i}", 2_000 + (i * 1_000));
            }

            await before.UntilTakenAsync(20);
            time.Advance(10 * Second);
            await before.UntilReceivedAsync("m0", "m7");
        }

        foreach (string path in files.Paths.Where(path => damaged.Length == 0 ? path.Contains("/timer", StringComparison.Ordinal) : path.EndsWith(damaged, StringComparison.Ordinal)).ToList())
        {
            files.DeleteFile(path);
        }

        await using TimerBroker broker = await TimerBroker.StartAsync(files, time);
        time.Advance(15 * Second);
        await broker.UntilReceivedAsync([.. Enumerable.Range(0, 20).Select(static i => $"m{i}")]);
        if (damaged is "timerwheel" or "timerlog/00000000000000000000")
        {
            (await broker.BodiesAsync()).Should().OnlyHaveUniqueItems("the checkpoint says what was delivered");
        }
    }

    /// <summary>Some files come from a backup: what waits arrives all the same, and once.</summary>
    [Theory]
    [InlineData("timerwheel")]
    [InlineData("timerlog/")]
    [InlineData("timer")]
    public async Task Restart_TimerFilesAreOlder_WhatWaitsArrivesOnce(string older)
    {
        MemoryFileSystem files = new();
        FakeTimeProvider time = new();
        await using (TimerBroker first = await TimerBroker.StartAsync(files, time))
        {
            await SendAsync(first, "old", 5, 2_000);
            await first.UntilTakenAsync(5);
            time.Advance(4 * Second);
            await first.UntilReceivedAsync("old0", "old4");
        }

        MemoryFileSystem before = files.AfterKill();
        await using (TimerBroker second = await TimerBroker.StartAsync(files, time))
        {
            await SendAsync(second, "new", 60, 20_000);
            await second.UntilTakenAsync(65);
        }

        PutBack(before, files, $"{TimerBroker.Root}/{older}");
        await using TimerBroker broker = await TimerBroker.StartAsync(files, time);
        time.Advance(25 * Second);
        await broker.UntilReceivedAsync([.. Enumerable.Range(0, 60).Select(static i => $"new{i}")]);

        (await broker.BodiesAsync()).Should().HaveCount(65).And.OnlyHaveUniqueItems();
    }

    /// <summary>The log is of before, or was given up, and the timer files are of now: what waits by the log arrives, and so does what is sent from then on.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Restart_LogIsOlderThanTheTimerFiles_NewTimersArrive(bool hasLog)
    {
        MemoryFileSystem files = new();
        FakeTimeProvider time = new();
        await using (TimerBroker first = await TimerBroker.StartAsync(files, time))
        {
            await SendAsync(first, "old", 20, 5_000);
            await first.UntilTakenAsync(20);
        }

        MemoryFileSystem before = files.AfterKill();
        await using (TimerBroker second = await TimerBroker.StartAsync(files, time))
        {
            await SendAsync(second, "gone", 60, 2_000);
            await second.UntilTakenAsync(80);
            time.Advance(8 * Second);
            await second.UntilReceivedAsync([.. Enumerable.Range(0, 60).Select(static i => $"gone{i}")]);
            await second.UntilReceivedAsync("old0", "old19");
        }

        foreach (string folder in (string[])["commitlog", "consumequeue", "index", "checkpoint", "inventory"])
        {
            foreach (string path in files.Paths.Where(path => path.StartsWith($"{TimerBroker.Root}/{folder}", StringComparison.Ordinal)).ToList())
            {
                files.DeleteFile(path);
            }

            if (hasLog)
            {
                PutBack(before, files, $"{TimerBroker.Root}/{folder}");
            }
        }

        await using TimerBroker broker = await TimerBroker.StartAsync(files, time);
        await SendAsync(broker, "new", 30, 3_000);
        time.Advance(8 * Second);
        await broker.UntilReceivedAsync([.. Enumerable.Range(0, 30).Select(static i => $"new{i}"), .. Enumerable.Range(0, hasLog ? 20 : 0).Select(static i => $"old{i}")]);

        (await broker.BodiesAsync()).Should().HaveCount(hasLog ? 50 : 30);
    }

    /// <summary>How far timers were delivered stands nowhere else.</summary>
    [Fact]
    public async Task Restart_CheckpointIsMissing_SaysWhatMayComeTwice()
    {
        using TempDirectory directory = new("timers-");
        FakeTimeProvider time = new();
        RecordedLog log = new();
        await using (TestBroker before = await TestBroker.StartAsync(directory: directory, loggers: log, time: time))
        {
            await before.CreateTopicAsync("Timed");
            await before.SendAsync("Timed", "waits", properties: Requests.Properties(("UNIQ_KEY", "K"), ("TIMER_DELAY_MS", "60000")));
            time.Advance(Second);
        }

        log.Lines.Should().NotContain(static line => line.Id == 3223, "nothing was there at the first start");
        File.Delete(directory.File("store", "config", "timercheck"));
        await using TestBroker broker = await TestBroker.StartAsync(directory: directory, loggers: log, time: time);

        await Eventually.TrueAsync(() => log.Lines.Any(static line => line.Id == 3223), "it is told");
        log.Lines.Single(static line => line.Id == 3223).Text.Should().Contain("up to 1 of them");
    }

    [Fact]
    public async Task Deliver_FartherThanTheWindow_GoesByWayOfTheTopic()
    {
        MemoryFileSystem files = new();
        FakeTimeProvider time = new();
        await using TimerBroker broker = await TimerBroker.StartAsync(files, time, ("timerRollWindowSlot", "10"));
        long sentMs = time.NowMs;
        await broker.SendAsync("far", 35_000);
        await broker.UntilTakenAsync(1);

        IReadOnlyList<string> early = await broker.RunAsync(TimeSpan.FromSeconds(34.9), until: 1);
        early.Should().BeEmpty("it is not due");
        await broker.RunAsync(10 * Second, until: 1);
        await broker.UntilReceivedAsync("far");

        Requests.Received message = (await broker.ReceivedAsync()).Single();
        int.Parse(message.Properties.Get("TIMER_ROLL_TIMES")!, CultureInfo.InvariantCulture).Should().BeInRange(1, 5, "a broker that comes late skips a roll");
        long.Parse(message.Properties.Get("TIMER_DEQUEUE_MS")!, CultureInfo.InvariantCulture).Should().BeGreaterThanOrEqualTo(sentMs + 35_000);
    }

    [Fact]
    public async Task Clock_SetForward_DeliversWhatIsDueByIt()
    {
        FakeTimeProvider time = new();
        await using TimerBroker broker = await TimerBroker.StartAsync(new MemoryFileSystem(), time);
        await broker.SendAsync("hour", 3_600_000);
        await broker.SendAsync("day", 86_400_000);
        await broker.UntilTakenAsync(2);

        time.Set(TimeSpan.FromHours(2));
        time.Advance(2 * Second);
        await broker.UntilReceivedAsync("hour");

        (await broker.BodiesAsync()).Should().Equal("hour");
    }

    [Theory]
    [InlineData(1.0)]
    [InlineData(24 * 400)]
    public async Task Clock_SetBack_NothingComesEarlyTwiceOrNever(double hours)
    {
        FakeTimeProvider time = new();
        MemoryFileSystem files = new();
        await using (TimerBroker before = await TimerBroker.StartAsync(files, time))
        {
            await before.SendAsync("before", 3_000);
            await before.SendAsync("absolute", 30_000);
            await before.UntilTakenAsync(2);
            time.Advance(4 * Second);
            await before.UntilReceivedAsync("before");

            time.Set(-TimeSpan.FromHours(hours));
            time.Advance(2 * Second);
            long sentMs = time.NowMs;
            await before.SendAsync("after", 5_000);
            await before.UntilTakenAsync(3);
            time.Advance(4 * Second);
            (await before.BodiesAsync()).Should().Equal("before");
            time.Advance(2 * Second);
            await before.UntilReceivedAsync("after");
            long.Parse((await before.ReceivedAsync())[1].Properties.Get("TIMER_DEQUEUE_MS")!, CultureInfo.InvariantCulture).Should().BeGreaterThanOrEqualTo(sentMs + 5_000);
        }

        await using TimerBroker broker = await TimerBroker.StartAsync(files, time);
        time.Set(TimeSpan.FromHours(hours) + (60 * Second));
        time.Advance(2 * Second);
        await broker.UntilReceivedAsync("before", "after", "absolute");

        (await broker.BodiesAsync()).Should().Equal("before", "after", "absolute");
    }

    [Fact]
    public async Task Deletion_OfAMessageThatWaits_TakesItAway()
    {
        FakeTimeProvider time = new();
        await using TimerBroker broker = await TimerBroker.StartAsync(new MemoryFileSystem(), time);
        await broker.SendAsync("kept", 5_000);
        await broker.SendAsync("gone", 5_000);
        await broker.SendAsync("old style", 5_000);
        await broker.SendAsync("deletion", 5_000, ("TIMER_DEL_UNIQKEY", "Kgone"));
        await broker.SendAsync("deletion of 5.3", 5_000, ("TIMER_DEL_UNIQKEY", "Timed+Kold style"));
        await broker.SendAsync("last", 7_000);
        await broker.UntilTakenAsync(6);

        time.Advance(8 * Second);
        await broker.UntilReceivedAsync("last");

        (await broker.BodiesAsync()).Should().Equal("kept", "last");
    }

    /// <summary>The store may be killed, or lose its power, between any two of these: nothing that was acknowledged stays away.</summary>
    [Theory]
    [InlineData("ASYNC_FLUSH")]
    [InlineData("SYNC_FLUSH")]
    public async Task Crash_AtSomeMoment_NothingIsLost(string flush)
    {
        int seeds = Depth.Of(2, deep: 8);
        for (int seed = 0; seed < seeds; seed++)
        {
            Random random = new(seed);
            MemoryFileSystem files = new();
            FakeTimeProvider time = new();
            (string, string)[] settings = [("flushDiskType", flush), ("timerFlushIntervalMs", "50")];
            await using TimerBroker before = await TimerBroker.StartAsync(files, time, settings);
            for (int i = 0; i < 40; i++)
            {
                (await before.SendAsync($"m{i}", random.Next(500, 20_000))).Code.Should().Be(ResponseCode.Success);
            }

            await before.UntilTakenAsync(40);
            await before.RunAsync(TimeSpan.FromSeconds(random.Next(1, 12)), until: 30);

            // A killed process loses nothing that was acknowledged; without power that is promised for what was flushed.
            MemoryFileSystem left = flush == "SYNC_FLUSH" && seed % 2 == 0 ? files.AfterPowerCut(random) : files.AfterKill();
            await using TimerBroker broker = await TimerBroker.StartAsync(left, time, settings);
            time.Advance(25 * Second);
            await broker.UntilReceivedAsync([.. Enumerable.Range(0, 40).Select(static i => $"m{i}")]);
        }
    }

    private static async Task SendAsync(TimerBroker broker, string name, int count, long delayMs)
    {
        for (int i = 0; i < count; i++)
        {
            (await broker.SendAsync($"{name}{i}", delayMs)).Code.Should().Be(ResponseCode.Success);
        }
    }

    /// <summary>The files whose paths begin so are those of before.</summary>
    private static void PutBack(MemoryFileSystem before, MemoryFileSystem files, string paths)
    {
        foreach (string path in before.Paths.Where(path => path.StartsWith(paths, StringComparison.Ordinal)).ToList())
        {
            using IStoreFile source = before.Open(path, FileOpenMode.Read);
            byte[] bytes = new byte[source.Length];
            source.Read(bytes, 0);
            files.CreateDirectory(Path.GetDirectoryName(path)!);
            using IStoreFile target = files.Open(path, FileOpenMode.OpenOrCreate);
            target.SetLength(0);
            target.Write(bytes, 0);
        }
    }

    private static async Task<string> FiguresAsync(TimerBroker broker)
    {
        RemotingCommand answer = await broker.Broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.GetBrokerRuntimeInfo));
        using JsonDocument body = JsonDocument.Parse(answer.Body);
        JsonElement figures = body.RootElement.GetProperty("table");
        string Figure(string name) => figures.GetProperty(name).GetString()!;
        return $"behind {Figure("timerReadBehind")}, not taken {Figure("timerOffsetBehind")}, waiting {Figure("timerCongestNum")}, in {Figure("timerEnqueueTps")}, out {Figure("timerDequeueTps")}";
    }
}
