using System.Text;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing.Time;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Timers;

public sealed class RecallTests
{
    [Fact]
    public async Task Recall_MessageThatWaits_NeverArrives()
    {
        FakeTimeProvider time = new();
        await using TimerBroker broker = await TimerBroker.StartAsync(new MemoryFileSystem(), time, ("recallMessageEnable", "true"));
        string handle = (await broker.SendAsync("gone", 5_000)).Get("recallHandle")!;
        await broker.SendAsync("kept", 5_000);

        RemotingCommand answer = await RecallAsync(broker, TimerBroker.Topic, handle);

        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
        answer.Get("msgId").Should().Be("Kgone");
        await broker.UntilTakenAsync(3);
        time.Advance(TimeSpan.FromSeconds(6));
        await broker.UntilReceivedAsync("kept");
        (await broker.BodiesAsync()).Should().Equal("kept");
    }

    [Fact]
    public async Task Metrics_OfTopics_CountWhatWaitsAndNothingElse()
    {
        FakeTimeProvider time = new();
        await using TimerBroker broker = await TimerBroker.StartAsync(new MemoryFileSystem(), time, ("recallMessageEnable", "true"));
        string before = await MetricsAsync(broker);
        await broker.Broker.CreateTopicAsync("Elsewhere");
        string handle = (await broker.SendAsync("gone", 5_000)).Get("recallHandle")!;
        await broker.SendAsync("soon", 5_000);
        await broker.SendAsync("later", 50_000);
        (await broker.Broker.InvokeAsync(Requests.Send("Elsewhere", "far", 0, Requests.Properties(("UNIQ_KEY", "KE"), ("TIMER_DELAY_MS", "90000"))))).Code.Should().Be(ResponseCode.Success);
        string waiting = await UntilMetricsAsync(broker, "\"Elsewhere\":{\"count\":1,", "\"Timed\":{\"count\":3,");
        await RecallAsync(broker, TimerBroker.Topic, handle);
        string recalled = await UntilMetricsAsync(broker, "\"Timed\":{\"count\":2,");
        time.Advance(TimeSpan.FromSeconds(6));
        await broker.UntilReceivedAsync("soon");
        await UntilMetricsAsync(broker, "\"Timed\":{\"count\":1,");

        before.Should().EndWith("\"timingCount\":{}}");
        waiting.Should().Contain("\"timingCount\":{\"Elsewhere\":{\"count\":1,\"timeStamp\":").And.Contain("\"Timed\":{\"count\":3,\"timeStamp\":").And.StartWith("{\"dataVersion\":{\"counter\":");
        recalled.Should().Contain("\"Elsewhere\":{\"count\":1,", "nobody recalled that one");
    }

    [Fact]
    public async Task Send_Handle_IsThatOfTheMessageAndOnlyTimersHaveOne()
    {
        FakeTimeProvider time = new();
        await using TimerBroker broker = await TimerBroker.StartAsync(new MemoryFileSystem(), time);
        long slotMs = (time.NowMs + 4_999) / 1_000 * 1_000;

        string handle = (await broker.SendAsync("timed", 5_000)).Get("recallHandle")!;
        RemotingCommand plain = await broker.Broker.SendAsync(TimerBroker.Topic, "plain", properties: Requests.Properties(("UNIQ_KEY", "K")));

        Encoding.UTF8.GetString(Convert.FromBase64String(handle.Replace('-', '+').Replace('_', '/'))).Should().Be($"v1 Timed broker-a {slotMs + 1} Ktimed");
        plain.Get("recallHandle").Should().BeNull();
    }

    [Theory]
    [InlineData("v1 Timed broker-a {soon} K", "Other", ResponseCode.TopicNotExist, "recall failed, the topic[Other] not exist")]
    [InlineData("v1 Elsewhere broker-a {soon} K", "Timed", ResponseCode.IllegalOperation, "recall failed, topic not match")]
    [InlineData("v1 Timed broker-b {soon} K", "Timed", ResponseCode.IllegalOperation, "recall failed, broker service not available")]
    [InlineData("v1 Timed broker-a 1000 K", "Timed", ResponseCode.IllegalOperation, "recall failed, timestamp invalid")]
    [InlineData("v1 Timed broker-a soon K", "Timed", ResponseCode.IllegalOperation, "recall failed, timestamp invalid")]
    [InlineData("v1 Timed broker-a 9223372036854775807 K", "Timed", ResponseCode.IllegalOperation, "recall failed, timestamp invalid")]
    [InlineData("v2 Timed broker-a {soon} K", "Timed", ResponseCode.IllegalOperation, "recall handle is invalid")]
    [InlineData("v1 Timed", "Timed", ResponseCode.IllegalOperation, "recall handle is invalid")]
    [InlineData("", "Timed", ResponseCode.IllegalOperation, "recall handle is invalid")]
    public async Task Recall_WrongHandle_IsRefusedInApachesWords(string handle, string topic, int code, string remark)
    {
        FakeTimeProvider time = new();
        await using TimerBroker broker = await TimerBroker.StartAsync(new MemoryFileSystem(), time, ("recallMessageEnable", "true"));
        string text = Convert.ToBase64String(Encoding.UTF8.GetBytes(handle.Replace("{soon}", $"{time.NowMs + 5_000}", StringComparison.Ordinal)));

        RemotingCommand answer = await RecallAsync(broker, topic, text);

        answer.Code.Should().Be(code);
        answer.Remark.Should().Be(remark);
    }

    [Fact]
    public async Task Recall_ByDefault_IsForbidden()
    {
        await using TimerBroker broker = await TimerBroker.StartAsync(new MemoryFileSystem(), new FakeTimeProvider());

        RemotingCommand answer = await RecallAsync(broker, TimerBroker.Topic, "x");

        answer.Code.Should().Be(ResponseCode.NoPermission);
        answer.Remark.Should().Be("recall failed, operation is forbidden");
    }

    private static Task<RemotingCommand> RecallAsync(TimerBroker broker, string topic, string handle) =>
        broker.Broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.RecallMessage).Set("producerGroup", "pg").Set("topic", topic).Set("recallHandle", handle));

    /// <summary>A message that is taken counts when its unit is in the timer log.</summary>
    private static async Task<string> UntilMetricsAsync(TimerBroker broker, params string[] parts)
    {
        string metrics = string.Empty;
        await Eventually.TrueAsync(
            async () =>
            {
                metrics = await MetricsAsync(broker);
                return parts.All(part => metrics.Contains(part, StringComparison.Ordinal));
            },
            $"the metrics have {string.Join(" and ", parts)}");
        return metrics;
    }

    private static async Task<string> MetricsAsync(TimerBroker broker)
    {
        RemotingCommand answer = await broker.Broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.GetTimerMetrics));
        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
        return Encoding.UTF8.GetString(answer.Body.Span);
    }
}
