using System.Globalization;
using System.Text.Json;
using RocketOps.Cli.Tests.Support;
using RocketOps.Testing;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Time;

namespace RocketOps.Cli.Tests.Commands;

/// <summary><c>produce</c> and <c>consume</c> against a broker.</summary>
[Collection(nameof(ClusterFixture))]
public sealed class ProduceConsumeTests(ClusterFixture cluster)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static string Program => Programs.RocketOps;

    [Fact]
    public async Task Produce_Arguments_SendsOneMessageEach()
    {
        string topic = await cluster.NewTopicAsync();

        CliRun sent = (await cluster.RunAsync("produce", topic, "one", "two", "-t", "a", "-k", "k1", "-k", "k2", "-p", "region=eu")).EnsureSuccess();

        sent.OutputLines.Should().HaveCount(2).And.OnlyContain(static line => line.StartsWith("SendOk broker-a/0@", StringComparison.Ordinal));
        JsonElement[] read = await ReadAsync(topic);
        read.Select(static message => message.GetProperty("body").GetString()).Should().Equal("one", "two");
        JsonElement first = read[0];
        first.GetProperty("tag").GetString().Should().Be("a");
        first.GetProperty("keys").EnumerateArray().Select(static key => key.GetString()).Should().Equal("k1", "k2");
        first.GetProperty("properties").EnumerateObject().Should().ContainSingle().Which.Should().Match<JsonProperty>(static property => property.Name == "region" && property.Value.GetString() == "eu");
        first.GetProperty("offset").ValueKind.Should().Be(JsonValueKind.Number);
    }

    [Fact]
    public async Task Produce_LinesOfInput_SendsEachAndSaysWhichWereEmpty()
    {
        string topic = await cluster.NewTopicAsync();

        CliRun sent = (await cluster.RunWithInputAsync("one\r\n\ntwo\nthree", "produce", topic, "--quiet")).EnsureSuccess();

        sent.Output.Should().BeEmpty();
        sent.Error.Should().Contain("3 messages in ").And.Contain("1 empty line left out");
        (await BodiesAsync(topic)).Should().Equal("one", "two", "three");
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("\n", "1 empty line left out: brokers refuse empty bodies\n")]
    public async Task Produce_InputWithoutAMessage_SaysSoAndFails(string input, string before)
    {
        string topic = await cluster.NewTopicAsync();

        CliRun run = await cluster.RunWithInputAsync(input, "produce", topic);

        run.ExitCode.Should().Be(1);
        run.Output.Should().BeEmpty();
        run.Error.Should().Be(before + "rocketops: there was nothing to send: standard input held no message.\n");
    }

    [Fact]
    public async Task Produce_FileIsAFolderOrMissing_SaysSo()
    {
        using TempDirectory folder = new("cli-");
        string topic = await cluster.NewTopicAsync();

        CliRun run = await cluster.RunAsync("produce", topic, "--file", folder.Path);

        run.ExitCode.Should().Be(1);
        run.Error.Should().Be($"rocketops: {folder.Path} is a folder; --file takes a file, whose bytes are one message.\n");
        (await cluster.RunAsync("produce", topic, "--file", folder.File("none"))).Error.Should().Be($"rocketops: there is no file {folder.File("none")}.\n");
    }

    /// <summary>A few in seconds are not "0 a second".</summary>
    [Fact]
    public async Task Produce_Slowly_SaysTheRateWithADecimal()
    {
        string topic = await cluster.NewTopicAsync();

        (await cluster.RunAsync("produce", topic, "a", "b", "--rate", "4")).EnsureSuccess().Error.Should().MatchRegex(@"^2 messages in [0-9.]+ s, [0-9]\.[0-9] a second\n$");
    }

    [Fact]
    public async Task Consume_JsonTimes_AreToTheMillisecond()
    {
        string topic = await cluster.NewTopicAsync();
        (await cluster.RunAsync("produce", topic, "a")).EnsureSuccess();

        JsonElement message = (await ReadAsync(topic)).Should().ContainSingle().Subject;

        message.GetProperty("storeTime").GetString().Should().MatchRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$");
        message.GetProperty("bornTime").GetString().Should().MatchRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$");
    }

    [Fact]
    public async Task Produce_CountOverLines_EndsThere()
    {
        string topic = await cluster.NewTopicAsync();

        (await cluster.RunWithInputAsync("one\ntwo\nthree\n", "produce", topic, "--count", "2")).EnsureSuccess();

        (await BodiesAsync(topic)).Should().Equal("one", "two");
    }

    [Fact]
    public async Task Produce_AllOfInputAndFiles_AreSingleMessages()
    {
        using TempDirectory folder = new("cli-");
        string file = folder.File("body.bin");
        await File.WriteAllBytesAsync(file, [0xFF, 0x00, 0x0A]);
        string topic = await cluster.NewTopicAsync();

        (await cluster.RunWithInputAsync("one\ntwo\n", "produce", topic, "-")).EnsureSuccess();
        (await cluster.RunAsync("produce", topic, "--file", file)).EnsureSuccess();

        JsonElement[] read = await ReadAsync(topic);
        read[0].GetProperty("body").GetString().Should().Be("one\ntwo\n");
        read[1].GetProperty("base64").GetString().Should().Be("/wAK");
        read[1].TryGetProperty("body", out _).Should().BeFalse("bytes that are no text would be lost as one");
    }

    [Fact]
    public async Task Produce_GeneratedBatches_HaveTheSizeAndTheCount()
    {
        string topic = await cluster.NewTopicAsync();

        (await cluster.RunAsync("produce", topic, "--size", "100", "--count", "25", "--batch", "10", "--rate", "10000")).EnsureSuccess().OutputLines.Should().HaveCount(3);

        string[] bodies = await BodiesAsync(topic);
        bodies.Should().HaveCount(25).And.OnlyHaveUniqueItems().And.OnlyContain(static body => body.Length == 100);
        bodies[24].Should().StartWith("25 ");
    }

    [Fact]
    public async Task Produce_QueueAndShardingKey_ChooseTheQueue()
    {
        string topic = await cluster.NewTopicAsync(queues: 4);

        (await cluster.RunAsync("produce", topic, "a", "b", "--queue", "2")).EnsureSuccess().OutputLines.Should().OnlyContain(static line => line.StartsWith("SendOk broker-a/2@", StringComparison.Ordinal));
        (await cluster.RunAsync("produce", topic, "a", "b", "c", "--sharding-key", "order-1")).EnsureSuccess()
            .OutputLines.Select(static line => line.Split('@')[0]).Distinct().Should().ContainSingle();
        (await cluster.RunAsync("produce", topic, "a", "--queue", "9")).Error.Should().Be($"rocketops: topic {topic} has no queue 9 that can be written, only broker-a/0 to broker-a/3.\n");
    }

    [Fact]
    public async Task Produce_JsonOfConsume_CopiesTopics()
    {
        (string from, string to) = (await cluster.NewTopicAsync(), await cluster.NewTopicAsync());
        (await cluster.RunAsync("produce", from, "wörld\n+", "-t", "tag", "-k", "key", "-p", "a=1")).EnsureSuccess();

        string json = (await cluster.RunAsync("consume", from, "--exit", "-o", "json")).EnsureSuccess().Output;
        (await cluster.RunWithInputAsync(json, "produce", to, "--json")).EnsureSuccess();

        JsonElement copy = (await ReadAsync(to)).Should().ContainSingle().Subject;
        copy.GetProperty("body").GetString().Should().Be("wörld\n+");
        copy.GetProperty("tag").GetString().Should().Be("tag");
        copy.GetProperty("keys")[0].GetString().Should().Be("key");
        copy.GetProperty("properties").GetProperty("a").GetString().Should().Be("1");
    }

    [Theory]
    [InlineData("{\"boddy\":\"x\"}", "message 1: it has a field boddy. Did you mean body?")]
    [InlineData("{\"body\":\"x\",\"base64\":\"eA==\"}", "message 1: it has both body and base64.")]
    [InlineData("{}", "message 1: it has neither body nor base64.")]
    [InlineData("[]", "message 1: it is no JSON object.")]
    [InlineData("nojson", "message 1: it is no JSON from byte 2 on.")]
    [InlineData("{\"body\":\"x\"", "message 1: it is no JSON from byte 12 on.")]
    [InlineData("{\"body\":1}", "message 1: body is no text.")]
    [InlineData("{\"base64\":\"?\"}", "message 1: what it has in base64 is none.")]
    [InlineData("{\"body\":\"x\",\"tag\":[]}", "message 1: tag is no text.")]
    [InlineData("{\"body\":\"x\",\"keys\":\"k\"}", "message 1: keys is no array of texts.")]
    [InlineData("{\"body\":\"x\",\"keys\":[null]}", "message 1: a key is null.")]
    [InlineData("{\"body\":\"x\",\"properties\":{\"a\":1}}", "message 1: property a is no text.")]
    [InlineData("{\"body\":\"x\",\"properties\":[]}", "message 1: properties is no object of texts.")]
    [InlineData("{\"body\":\"x\",\"delayLevel\":\"3\"}", "message 1: delayLevel is no whole number.")]
    [InlineData("{\"body\":\"x\",\"body\":\"y\"}", "message 1: it has a field more than once.")]
    [InlineData("{\"body\":\"\\ud800\"}", "message 1: a text in it ends in the middle of a character (\\ud800 to \\udfff come in pairs).")]
    public async Task Produce_JsonThatIsNone_SaysWhatIsWrong(string line, string expected)
    {
        string topic = await cluster.NewTopicAsync();

        CliRun run = await cluster.RunWithInputAsync(line, "produce", topic, "--json");

        run.ExitCode.Should().Be(1);
        run.Error.Should().Be($"rocketops: {expected}\n");
    }

    [Fact]
    public async Task Produce_BodyTooLarge_FailsInOneLine()
    {
        string topic = await cluster.NewTopicAsync();

        CliRun run = await cluster.RunWithInputAsync(new string('x', (4 * 1024 * 1024) + 1), "produce", topic, "-");

        run.ExitCode.Should().Be(1);
        run.Error.Should().StartWith("rocketops: standard input has more than the 4194304 bytes a message may have").And.HaveLength(run.Error.IndexOf('\n') + 1);
    }

    [Fact]
    public async Task Produce_TopicMistyped_MakesNoTopic()
    {
        string topic = await cluster.NewTopicAsync();

        CliRun run = await cluster.RunAsync("produce", topic + "x", "hello");

        run.ExitCode.Should().Be(1);
        run.Error.Should().Be($"rocketops: there is no topic {topic}x. Did you mean {topic}? Make it with \"rocketops topic create {topic}x\", or give --create.\n");
        (await cluster.RunAsync("topic", "list")).Output.Should().NotContain(topic + "x");
    }

    [Fact]
    public async Task Produce_Create_LetsTheBrokerMakeTheTopic()
    {
        string topic = cluster.NewName("Auto");

        (await cluster.RunAsync("produce", topic, "hello", "--create")).EnsureSuccess();

        (await BodiesAsync(topic)).Should().Equal("hello");
    }

    [Theory]
    [InlineData]
    [InlineData("-")]
    public async Task Produce_InterruptedAtATerminal_EndsAtOnce(params string[] body)
    {
        string topic = await cluster.NewTopicAsync();
        using CancellationTokenSource interrupt = new();
        Task<CliRun> run = CliRun.RunAsync(new SilentStream(), isTerminal: true, hasColour: false, ["produce", topic, .. body, "-n", cluster.Cluster.NameServerAddress], interrupt.Token);

        await interrupt.CancelAsync();

        (await run.WaitAsync(Patience)).ExitCode.Should().Be(130);
    }

    [Fact]
    public async Task Listing_Colours_AreForTerminals()
    {
        CliRun coloured = await CliRun.RunAsync(Stream.Null, isTerminal: false, hasColour: true, ["cluster", "status", "-n", cluster.Cluster.NameServerAddress], CancellationToken.None);

        coloured.Output.Should().StartWith("\u001b[1mCLUSTER");
        (await cluster.RunAsync("cluster", "status")).Output.Should().StartWith("CLUSTER").And.NotContain("\u001b");
    }

    [Fact]
    public async Task Consume_From_BeginsThere()
    {
        string topic = await cluster.NewTopicAsync();
        (await cluster.RunAsync("produce", topic, "0", "1", "2", "3")).EnsureSuccess();
        string since = (await ReadAsync(topic))[0].GetProperty("storeTime").GetString()!;

        (await BodiesAsync(topic, "--from", "2")).Should().Equal("2", "3");
        (await BodiesAsync(topic, "--from", "-1")).Should().Equal("3");
        (await BodiesAsync(topic, "--from", "end")).Should().BeEmpty();
        (await BodiesAsync(topic, "--from", since)).Should().Equal("0", "1", "2", "3");
        (await BodiesAsync(topic, "--from", "1h")).Should().HaveCount(4);
        (await BodiesAsync(topic, "--count", "2")).Should().Equal("0", "1");
    }

    [Fact]
    public async Task Consume_To_EndsBeforeTheFirstStoredThenOrLater()
    {
        (string topic, string other) = (await cluster.NewTopicAsync(), await cluster.NewTopicAsync(queues: 2));
        string[] times = [];
        for (int sent = 0; times.Distinct().Count() < 4; sent++)
        {
            (await cluster.RunAsync("produce", topic, $"{sent}", "-t", $"{sent % 2}")).EnsureSuccess();
            (await cluster.RunAsync("produce", other, "other", "--queue", "1")).EnsureSuccess();
            times = [.. (await ReadAsync(topic)).Select(static message => message.GetProperty("storeTime").GetString()!)];
        }

        string[] different = [.. times.Distinct()];
        string[] before = [.. Enumerable.Range(0, Array.IndexOf(times, different[2])).Select(static sent => $"{sent}")];
        before.Length.Should().BeInRange(2, times.Length - 2);

        (await BodiesAsync(topic, "--to", different[2])).Should().Equal(before);
        (await BodiesAsync(topic, "--to", different[2], "--tags", "1")).Should().Equal(before.Where(static sent => int.Parse(sent, CultureInfo.InvariantCulture) % 2 == 1));
        (await BodiesAsync(topic, "--from", different[1], "--to", different[2])).Should().Equal(before[Array.IndexOf(times, different[1])..]);
        (await BodiesAsync(topic, "--to", "1h")).Should().BeEmpty();
        CliRun both = (await cluster.RunAsync("consume", topic, other, "--to", different[2], "--template", "{topic} {storeTime}")).EnsureSuccess();
        both.OutputLines.Count(line => line.StartsWith(topic, StringComparison.Ordinal)).Should().Be(before.Length);
        DateTimeOffset end = DateTimeOffset.Parse(different[2], CultureInfo.InvariantCulture);
        both.OutputLines.Where(line => line.StartsWith(other, StringComparison.Ordinal)).Select(static line => DateTimeOffset.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture))
            .Should().NotBeEmpty().And.OnlyContain(time => time < end);
    }

    /// <summary>Nobody waits for a time that has not come.</summary>
    [Fact]
    public async Task Consume_ToATimeToCome_EndsWithWhatIsThere()
    {
        string topic = await cluster.NewTopicAsync();
        (await cluster.RunAsync("produce", topic, "0", "1")).EnsureSuccess();

        (await cluster.RunAsync("consume", topic, "--to", "2999-01-01", "-o", "body").WaitAsync(Patience)).EnsureSuccess().Output.Should().Be("0\n1\n");
    }

    [Fact]
    public async Task Consume_Tags_ShowsOnlyThose()
    {
        string topic = await cluster.NewTopicAsync();
        (await cluster.RunAsync("produce", topic, "x", "-t", "a")).EnsureSuccess();
        (await cluster.RunAsync("produce", topic, "y", "-t", "b")).EnsureSuccess();
        (await cluster.RunAsync("produce", topic, "z", "-t", "c")).EnsureSuccess();

        (await BodiesAsync(topic, "--tags", "a || c")).Should().Equal("x", "z");
    }

    [Fact]
    public async Task Consume_SeveralTopics_ShowsEachWithItsTopic()
    {
        (string one, string two) = (await cluster.NewTopicAsync(queues: 2), await cluster.NewTopicAsync());
        (await cluster.RunAsync("produce", one, "a1", "a2", "-t", "a", "--queue", "0")).EnsureSuccess();
        (await cluster.RunAsync("produce", one, "b1", "b2", "-t", "b", "--queue", "1")).EnsureSuccess();
        (await cluster.RunAsync("produce", two, "c1", "c2", "c3", "-t", "a")).EnsureSuccess();

        string[] text = [.. (await cluster.RunAsync("consume", one, two, one, "--exit")).EnsureSuccess().OutputLines.Order(StringComparer.Ordinal)];
        text.Select(static line => line[(line.IndexOf(' ') + 1)..]).Should().BeEquivalentTo(
            $"{one} broker-a/0@0 a - a1", $"{one} broker-a/0@1 a - a2", $"{one} broker-a/1@0 b - b1", $"{one} broker-a/1@1 b - b2", $"{two} broker-a/0@0 a - c1", $"{two} broker-a/0@1 a - c2", $"{two} broker-a/0@2 a - c3");
        (await OfBothAsync()).Should().BeEquivalentTo($"{one} a1", $"{one} a2", $"{one} b1", $"{one} b2", $"{two} c1", $"{two} c2", $"{two} c3");
        (await OfBothAsync("--from", "-1")).Should().BeEquivalentTo($"{one} a2", $"{one} b2", $"{two} c3");
        (await OfBothAsync("--tags", "b")).Should().BeEquivalentTo($"{one} b1", $"{one} b2");
        (await OfBothAsync("--queue", "0", "--from", "1")).Should().BeEquivalentTo($"{one} a2", $"{two} c2", $"{two} c3");
        (await OfBothAsync("--count", "5")).Should().HaveCount(5);

        async Task<string[]> OfBothAsync(params string[] options) =>
            [.. (await cluster.RunAsync(["consume", one, two, "--exit", "-o", "json", .. options])).EnsureSuccess().OutputLines
                .Select(static line => JsonSerializer.Deserialize<JsonElement>(line))
                .Select(static message => $"{message.GetProperty("topic").GetString()} {message.GetProperty("body").GetString()}")];
    }

    [Fact]
    public async Task Consume_SeveralTopicsOneOfThemMissing_ShowsNothing()
    {
        string topic = await cluster.NewTopicAsync();
        (await cluster.RunAsync("produce", topic, "hello")).EnsureSuccess();

        CliRun run = await cluster.RunAsync("consume", topic, "NeverMade", "--exit");

        run.ExitCode.Should().Be(1);
        run.Output.Should().BeEmpty();
        run.Error.Should().StartWith("rocketops: there is no topic NeverMade.");
    }

    [Fact]
    public async Task Consume_SeveralTopicsOneWithoutTheQueue_NamesIt()
    {
        (string wide, string narrow) = (await cluster.NewTopicAsync(queues: 2), await cluster.NewTopicAsync());

        CliRun run = await cluster.RunAsync("consume", wide, narrow, "--exit", "--queue", "1");

        run.ExitCode.Should().Be(1);
        run.Error.Should().Be($"rocketops: topic {narrow} has no queue 1 that can be read.\n");
    }

    [Fact]
    public async Task Consume_SeveralTopicsForAGroup_ConsumesAllOfThem()
    {
        (string one, string two, string group) = (await cluster.NewTopicAsync(), await cluster.NewTopicAsync(), cluster.NewName("Group"));
        (await cluster.RunAsync("produce", one, "1", "2")).EnsureSuccess();
        (await cluster.RunAsync("produce", two, "3", "4")).EnsureSuccess();

        CliRun all = (await cluster.RunAsync("consume", one, two, "-g", group, "--exit", "--template", "{topic} {body}")).EnsureSuccess();

        all.OutputLines.Should().BeEquivalentTo($"{one} 1", $"{one} 2", $"{two} 3", $"{two} 4");
        (await cluster.RunAsync("consume", one, two, "-g", group, "--exit")).EnsureSuccess().Output.Should().BeEmpty("all of both was consumed");
    }

    [Fact]
    public async Task Consume_BySql_ShowsWhatMatchesAndTheBrokersReason()
    {
        string topic = await cluster.NewTopicAsync();
        (await cluster.RunAsync("produce", topic, "cheap", "-p", "price=5")).EnsureSuccess();
        (await cluster.RunAsync("produce", topic, "dear", "-p", "price=50")).EnsureSuccess();

        (await BodiesAsync(topic, "--sql", "price > 10")).Should().Equal("dear");
        CliRun mistaken = await cluster.RunAsync("consume", topic, "--exit", "--sql", "price >");
        CliRun member = await cluster.RunAsync("consume", topic, "--exit", "--group", cluster.NewName("sql"), "--sql", "price >");
        CliRun both = await cluster.RunAsync("consume", topic, "--sql", "price > 1", "--tags", "a");

        mistaken.ExitCode.Should().NotBe(0);
        string refused = $"rocketops: {cluster.Cluster.BrokerAddress} does not take the expression \"price >\" for topic {topic}: Encountered \"<EOF>\" at line 1, column 8. Was expecting ";
        mistaken.Error.Should().StartWith(refused);
        member.ExitCode.Should().NotBe(0);
        member.Error.Should().StartWith(refused);
        both.Error.Should().Contain("exclude each other");
    }

    [Fact]
    public async Task Consume_Formats_ShowWhatWasSentWithoutControlCharacters()
    {
        string topic = await cluster.NewTopicAsync();
        (await cluster.RunAsync("produce", topic, "wörld\n\u001b[31m red", "-t", "A", "-k", "k1", "-p", "region=eu")).EnsureSuccess();

        (await cluster.RunAsync("consume", topic, "--exit")).EnsureSuccess().Output.Should().EndWith(" broker-a/0@0 A k1 wörld\\n\\x1b[31m red\n");
        (await cluster.RunAsync("consume", topic, "--exit", "-o", "body")).EnsureSuccess().Output.Should().Be("wörld\n\u001b[31m red\n");
        (await cluster.RunAsync("consume", topic, "--exit", "--template", "{offset}\\t{property.region}/{property.none} {size} {body}!")).EnsureSuccess()
            .Output.Should().Be("0\teu/ 16 wörld\\n\\x1b[31m red!\n");
    }

    [Fact]
    public async Task Consume_QueuesThatAppear_AreReadFromTheirFirstMessage()
    {
        string topic = await cluster.NewTopicAsync();
        await using ChildProcess reader = ChildProcess.Start(Program, ["consume", topic, "--from", "end", "-o", "body", "-n", cluster.Cluster.NameServerAddress]);
        // Where the end was is known once a message of the first queue is seen.
        await Eventually.TrueAsync(
            async () =>
            {
                (await cluster.RunAsync("produce", topic, "begun")).EnsureSuccess();
                return reader.Output.Contains("begun", StringComparison.Ordinal);
            },
            "the reader reads",
            Patience);

        // Sent before the reader can know the queues.
        (await cluster.RunAsync("topic", "alter", topic, "--queues", "4", "--yes")).EnsureSuccess();
        foreach (string queue in (string[])["1", "2", "3"])
        {
            (await cluster.RunAsync("produce", topic, "in " + queue, "--queue", queue)).EnsureSuccess();
        }

        await Eventually.TrueAsync(
            () => Task.FromResult(reader.Output.Split('\n').Where(static line => line.StartsWith("in ", StringComparison.Ordinal)).Order().SequenceEqual(["in 1", "in 2", "in 3"])),
            "every first message is shown",
            Patience);
    }

    [Fact]
    public async Task Consume_Group_GoesOnWhereItWas()
    {
        (string topic, string group) = (await cluster.NewTopicAsync(), cluster.NewName("Group"));
        (await cluster.RunAsync("produce", topic, "1", "2", "3")).EnsureSuccess();

        (await cluster.RunAsync("consume", topic, "-g", group, "-c", "2", "-o", "body")).EnsureSuccess().Output.Should().Be("1\n2\n");
        (await cluster.RunAsync("consume", topic, "-g", group, "--exit", "-o", "body")).EnsureSuccess().Output.Should().Be("3\n");
        (await cluster.RunAsync("consume", topic, "-g", group, "--exit", "-o", "body")).EnsureSuccess().Output.Should().BeEmpty();
    }

    [Fact]
    public async Task Consume_Patterns_ReadTheTopicsCalledSo()
    {
        string prefix = cluster.NewName("Pattern");
        (await cluster.RunAsync("topic", "create", $"{prefix}-a", $"{prefix}-b", $"{prefix}x", "--queues", "1")).EnsureSuccess();
        foreach (string topic in (string[])[$"{prefix}-a", $"{prefix}-b", $"{prefix}x"])
        {
            (await cluster.RunAsync("produce", topic, "one")).EnsureSuccess();
        }

        CliRun both = (await cluster.RunAsync("consume", $"{prefix}-*", $"{prefix}-b", "--exit", "--template", "{topic}")).EnsureSuccess();
        CliRun none = await cluster.RunAsync("consume", $"{prefix}-b", $"{prefix}-c*");

        both.OutputLines.Should().BeEquivalentTo($"{prefix}-a", $"{prefix}-b");
        none.Should().Match<CliRun>(run => run.ExitCode == 1 && run.Output.Length == 0 && run.Error == $"rocketops: no topic is called {prefix}-c*.\n");
    }

    [Fact]
    public async Task Consume_TopicMissing_FailsInsteadOfWaiting()
    {
        CliRun run = await cluster.RunAsync("consume", "NeverMade");

        run.ExitCode.Should().Be(1);
        run.Error.Should().StartWith("rocketops: there is no topic NeverMade.");
    }

    [Fact]
    public async Task Consume_Follow_ShowsWhatComesUntilTerminated()
    {
        string topic = await cluster.NewTopicAsync();
        await using ChildProcess reader = ChildProcess.Start(Program, ["consume", topic, "-n", cluster.Cluster.NameServerAddress]);
        (await cluster.RunAsync("produce", topic, "hello")).EnsureSuccess();
        await Eventually.TrueAsync(() => Task.FromResult(reader.Output.Contains("hello", StringComparison.Ordinal)), "the message is shown", Patience);

        reader.Terminate();

        (await reader.WaitAsync(Patience)).Should().Match<ProcessResult>(static result => result.ExitCode == 0 && result.Error.Length == 0);
    }

    [Fact]
    public async Task Consume_ReaderOfThePipeGone_Ends()
    {
        string topic = await cluster.NewTopicAsync();
        (await cluster.RunAsync("produce", topic, "hello")).EnsureSuccess();
        string command = $"'{Program}' consume {topic} -n {cluster.Cluster.NameServerAddress}; echo \"code $?\" >&2";

        // Nothing is sent any more, so nothing is written that could meet the closed pipe.
        await using ChildProcess piped = ChildProcess.Start("/bin/sh", ["-c", $"( {command} ) | head -1"]);

        (await piped.WaitAsync(Patience)).Error.Should().Be("code 0\n");
        piped.Output.Should().Contain("hello");
    }

    [Fact]
    public async Task Watch_ReaderOfThePipeGone_Ends()
    {
        string command = $"'{Program}' cluster status --watch 3600 -n {cluster.Cluster.NameServerAddress}; echo \"code $?\" >&2";

        await using ChildProcess piped = ChildProcess.Start("/bin/sh", ["-c", $"( {command} ) | head -1"]);

        (await piped.WaitAsync(Patience)).Error.Should().Be("code 0\n");
    }

    /// <summary>A file has no reader that could go.</summary>
    [Fact]
    public async Task Consume_IntoAFile_GoesOn()
    {
        using TempDirectory folder = new("cli-");
        string topic = await cluster.NewTopicAsync();
        await using ChildProcess reader = ChildProcess.Start("/bin/sh", ["-c", $"exec '{Program}' consume {topic} --count 2 -o body -n {cluster.Cluster.NameServerAddress} > '{folder.File("all")}'"]);
        (await cluster.RunAsync("produce", topic, "one")).EnsureSuccess();
        await Eventually.TrueAsync(async () => File.Exists(folder.File("all")) && await File.ReadAllTextAsync(folder.File("all")) == "one\n", "the first is written", Patience);

        (await cluster.RunAsync("produce", topic, "two")).EnsureSuccess();

        (await reader.WaitAsync(Patience)).ExitCode.Should().Be(0);
        (await File.ReadAllTextAsync(folder.File("all"))).Should().Be("one\ntwo\n");
    }

    [Theory]
    [InlineData("consume")]
    [InlineData("consume", "--count", "1")]
    [InlineData("consume", "--group", "gone")]
    [InlineData("produce")]
    public async Task Following_ReaderGoesWhileNothingHappens_EndsWithZero(params string[] command)
    {
        string topic = await cluster.NewTopicAsync();
        FakeTimeProvider time = new();
        bool isGone = false;
        Task<CliRun> run = CliRun.RunAsync(
            new SilentStream(), isTerminal: false, hasColour: false, [command[0], topic, .. command[1..], "-n", cluster.Cluster.NameServerAddress], CancellationToken.None, time, () => Volatile.Read(ref isGone));
        await Eventually.TrueAsync(() => time.HasTimerIn(TimeSpan.FromMilliseconds(500)), "the output is watched", Patience);
        run.IsCompleted.Should().BeFalse();

        Volatile.Write(ref isGone, true);
        time.Advance(TimeSpan.FromMilliseconds(500));

        (await run.WaitAsync(Patience)).Should().Match<CliRun>(static ended => ended.ExitCode == 0 && ended.Error.Length == 0);
    }

    /// <summary>It writes nothing, so it does not need one.</summary>
    [Fact]
    public async Task Produce_QuietWithoutAReader_SendsAll()
    {
        string topic = await cluster.NewTopicAsync();

        CliRun run = await CliRun.RunAsync(
            new MemoryStream("one\ntwo\n"u8.ToArray()), isTerminal: false, hasColour: false, ["produce", topic, "--quiet", "-n", cluster.Cluster.NameServerAddress], CancellationToken.None, isReaderGone: static () => true);

        run.ExitCode.Should().Be(0, run.Error);
        (await BodiesAsync(topic)).Should().Equal("one", "two");
    }

    private async Task<JsonElement[]> ReadAsync(string topic, params string[] options)
    {
        CliRun run = (await cluster.RunAsync(["consume", topic, "--exit", "-o", "json", .. options])).EnsureSuccess();
        return [.. run.OutputLines.Select(static line => JsonSerializer.Deserialize<JsonElement>(line))];
    }

    private async Task<string[]> BodiesAsync(string topic, params string[] options) =>
        [.. (await ReadAsync(topic, options)).Select(static message => message.GetProperty("body").GetString()!)];
}
