using System.Text;
using System.Text.Json;
using RocketOps.Interop.Tests.Clients;
using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests;

/// <summary>What a broker says of its traffic, at the wire and in the words of Apache's tools.</summary>
public abstract class StatisticsTests(ServerFixture fixture)
{
    private const int GetConsumeStats = 208;
    private const int ViewStatistics = 315;
    private const int SystemError = 1;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(30); // of a whole test; each statistic has its own, shorter limit

    /// <summary>A slow machine may let a minute pass between traffic and question, so there is new traffic before every question.</summary>
    [SkippableFact]
    public async Task Traffic_SentAndPulled_IsCountedWithinTheMinute()
    {
        ServerUnderTest server = fixture.Server;
        const string topic = "Counted";
        await Topics.CreateAsync(server, topic, queues: 1);
        using CancellationTokenSource timeout = new(Patience);
        await using RawConnection client = await RawConnection.ConnectAsync(server.BrokerAddress, timeout.Token);

        (await CountedAsync("TOPIC_PUT_NUMS", topic)).Average.Should().Be(1);
        (await CountedAsync("TOPIC_PUT_SIZE", topic)).Average.Should().BeInRange(90, 300);
        (await CountedAsync("GROUP_GET_NUMS", $"{topic}@counters")).Average.Should().BeGreaterThanOrEqualTo(1);
        (await CountedAsync("GROUP_GET_SIZE", $"{topic}@counters")).Average.Should().BeGreaterThanOrEqualTo(90);
        (await CountedAsync("BROKER_PUT_NUMS", ServerUnderTest.ClusterName)).Sum.Should().BePositive();
        (await CountedAsync("BROKER_GET_NUMS", ServerUnderTest.ClusterName)).Sum.Should().BePositive();
        await Eventually.TrueAsync(
            async () =>
            {
                await TrafficAsync(client, topic, "counters", timeout.Token);
                RawFrame progress = await client.RequestAsync(
                    GetConsumeStats, RawFields.Of(("consumerGroup", "counters"), ("topic", topic)), cancellationToken: timeout.Token);
                string json = Encoding.UTF8.GetString(progress.Body.Span);
                json.Should().Contain("\"consumerOffset\":1");
                json.Should().Contain("\"consumeTps\":");
                return !json.Contains("\"consumeTps\":0.0,", StringComparison.Ordinal) && !json.Contains("\"consumeTps\":0.0}", StringComparison.Ordinal);
            },
            $"{server.Name}: the group's rate is told",
            cancellationToken: timeout.Token);

        Task<(long Sum, double Average)> CountedAsync(string name, string key) => this.CountedAsync(client, topic, name, key, timeout.Token);
    }

    [SkippableTheory]
    [InlineData("TOPIC_PUT_NUMS", "NeverSentTo")]
    [InlineData("GROUP_GET_NUMS", "NeverSentTo@nobody")]
    [InlineData("NO_SUCH_STATISTIC", "key")]
    public async Task Statistic_NothingCounted_IsRefusedByName(string name, string key)
    {
        using CancellationTokenSource timeout = new(Patience);
        await using RawConnection client = await RawConnection.ConnectAsync(fixture.Server.BrokerAddress, timeout.Token);

        RawFrame answer = await client.RequestAsync(ViewStatistics, Question(name, key), cancellationToken: timeout.Token);

        (answer.Code, answer.Remark).Should().Be((SystemError, $"The stats <{name}> <{key}> not exist"));
    }

    [SkippableFact]
    public async Task StatsAll_TrafficOfTheLastMinute_IsPrinted()
    {
        ServerUnderTest server = fixture.Server;
        foreach (string version in fixture.JavaVersions)
        {
            JavaClient tool = new(version, server.NameServerAddress);
            string topic = $"StatsAll_{version.Replace('.', '_')}";
            string group = $"g_{topic}";
            await Topics.CreateAsync(server, topic, queues: 1);
            using CancellationTokenSource timeout = new(Patience);
            await using RawConnection client = await RawConnection.ConnectAsync(server.BrokerAddress, timeout.Token);

            // #Topic #Consumer Group #Accumulation #InTPS #OutTPS #InMsg24Hour #OutMsg24Hour
            await Eventually.TrueAsync(
                async () =>
                {
                    await TrafficAsync(client, topic, group, timeout.Token);
                    return Rows(await tool.AdminAsync("statsAll", "-t", topic))
                        .Any(row => row is [_, _, _, not "0.00", not "0.00", not "0", not "0"] && string.Equals(row[1], group, StringComparison.Ordinal));
                },
                $"{server.Name}: statsAll of {version} prints what was sent and received",
                cancellationToken: timeout.Token);
        }
    }

    private static IEnumerable<string[]> Rows(string output) =>
        output.Split('\n').Select(static line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).Where(static row => row.Length == 7);

    /// <summary>The sum and the mean of the last minute, once the sampler has come by.</summary>
    private async Task<(long Sum, double Average)> CountedAsync(RawConnection client, string topic, string name, string key, CancellationToken cancellationToken)
    {
        (long, double) counted = default;
        await Eventually.TrueAsync(
            async () =>
            {
                await TrafficAsync(client, topic, "counters", cancellationToken);
                RawFrame answer = await client.RequestAsync(ViewStatistics, Question(name, key), cancellationToken: cancellationToken);
                answer.Code.Should().Be(0, answer.Remark);
                using JsonDocument body = JsonDocument.Parse(answer.Body);
                JsonElement minute = body.RootElement.GetProperty("statsMinute");
                body.RootElement.TryGetProperty("statsHour", out _).Should().BeTrue();
                body.RootElement.TryGetProperty("statsDay", out _).Should().BeTrue();
                counted = (minute.GetProperty("sum").GetInt64(), minute.GetProperty("avgpt").GetDouble());
                return counted.Item1 > 0;
            },
            $"{fixture.Server.Name}: {name} {key} is sampled",
            cancellationToken: cancellationToken);
        return counted;
    }

    /// <summary>Sends a message, reads the queue from its beginning for the group, and says that the first was consumed.</summary>
    private static async Task TrafficAsync(RawConnection client, string topic, string group, CancellationToken cancellationToken)
    {
        (await RawBroker.SendAsync(client, topic, queueId: 0, "hello"u8.ToArray(), cancellationToken)).Code.Should().Be(RawBroker.Success);
        await Eventually.TrueAsync(
            async () => (await RawBroker.PullAsync(client, topic, queueId: 0, offset: 0, group: group, cancellationToken: cancellationToken)).Code == RawBroker.Success,
            "the messages are read",
            cancellationToken: cancellationToken);
        await RawBroker.UpdateOffsetAsync(client, group, topic, queueId: 0, offset: 1, cancellationToken);
    }

    private static Dictionary<string, string> Question(string name, string key) => new(StringComparer.Ordinal) { ["statsName"] = name, ["statsKey"] = key };
}
