using System.Text;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Headers;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Filtering;

/// <summary>SQL92 subscriptions as consumers see them: what they get, what wakes them, and what they are told when it cannot be.</summary>
public sealed class SqlPullTests : IAsyncLifetime
{
    private readonly RecordedLog _log = new();
    private TestBroker _broker = null!;

    public async Task InitializeAsync() => _broker = await StartAsync(("enablePropertyFilter", "true"));

    public Task DisposeAsync() => _broker.DisposeAsync().AsTask();

    [Fact]
    public async Task Pull_SqlSubscription_GetsWhatMatchesAndMovesOn()
    {
        await SendAsync("Prices", 5, 15, 25, 8);
        await _broker.SubscribeAsync("g", "Prices", "price BETWEEN 10 AND 30", type: "SQL92");
        await _broker.SubscribeAsync("none", "Prices", "price > 100", type: "SQL92");

        (await BodiesAsync("g", "Prices")).Should().Equal("15", "25");
        RemotingCommand nothing = await _broker.PullAsync("none", "Prices", 0, 0);
        nothing.Code.Should().Be(ResponseCode.PullRetryImmediately);
        nothing.Get("nextBeginOffset").Should().Be("4");
    }

    [Fact]
    public async Task Pull_Waiting_IsWokenByAMessageThatMatches()
    {
        await _broker.CreateTopicAsync("Prices");
        await _broker.SubscribeAsync("g", "Prices", "price > 10", type: "SQL92");
        Task<RemotingCommand> waiting = _broker.PullAsync("g", "Prices", 0, 0, PullMessageRequestHeader.SuspendFlag, 60_000);
        await Eventually.TrueAsync(() => _broker.Host.Modules.Pulls.Parked.Count == 1, "the pull waits");

        await SendAsync("Prices", 5);
        _broker.Host.Modules.Pulls.Parked.Count.Should().Be(1, "the message does not match");
        await SendAsync("Prices", 15);

        Requests.Decode(await waiting).Select(static message => message.Body).Should().Equal("15");
    }

    [Fact]
    public async Task Pull_ExpressionInItsHeader_FiltersThisPull()
    {
        await SendAsync("Prices", 5, 15);
        await _broker.SubscribeAsync("g", "Prices");

        Requests.Decode(await PullWithAsync("price > 10")).Select(static message => message.Body).Should().Equal("15");
        Requests.Decode(await PullWithAsync("price < 10")).Select(static message => message.Body).Should().Equal("5");
        RemotingCommand refused = await PullWithAsync("price >");
        refused.Code.Should().Be(ResponseCode.SubscriptionParseFailed);
        refused.Remark.Should().StartWith("parse the consumer's subscription failed, Encountered \"<EOF>\" at line 1, column 8.");
        (await PullWithAsync("price > 10", "XPATH")).Remark.Should().Contain("the expression type XPATH is not known");
    }

    [Fact]
    public async Task Subscribe_NewerVersion_ReplacesTheExpression()
    {
        await SendAsync("Prices", 5, 15);
        await _broker.SubscribeAsync("g", "Prices", "price > 10", version: 1, type: "SQL92");
        (await BodiesAsync("g", "Prices")).Should().Equal("15");

        await _broker.SubscribeAsync("g", "Prices", "price < 10", version: 2, type: "SQL92");

        (await BodiesAsync("g", "Prices")).Should().Equal("5");
    }

    [Fact]
    public async Task Subscribe_Malformed_IsToldBeforeTheStartAndWithEveryPull()
    {
        await SendAsync("Prices", 5);

        RemotingCommand check = await CheckAsync("price = 'x");
        check.Code.Should().Be(ResponseCode.SubscriptionParseFailed);
        check.Remark.Should().Contain("line 1, column 9");
        await _broker.SubscribeAsync("g", "Prices", "price = 'x", type: "SQL92");

        RemotingCommand pull = await _broker.PullAsync("g", "Prices", 0, 0);
        pull.Code.Should().Be(ResponseCode.FilterDataNotExist);
        pull.Remark.Should().Be("The broker's consumer filter data is not exist!Your expression may be wrong!");
        _log.Lines.Should().ContainSingle(static line => line.Id == 3521).Which.Text.Should().Contain("Prices").And.Contain("column 9");
    }

    [Fact]
    public async Task Check_GoodExpressionOrTags_IsFine()
    {
        (await CheckAsync("price > 10")).Code.Should().Be(ResponseCode.Success);
        (await CheckAsync("A || B", "TAG")).Code.Should().Be(ResponseCode.Success);
    }

    [Fact]
    public async Task PropertyFilterIsOff_CheckAndPullsAreRefused()
    {
        await using TestBroker broker = await StartAsync();
        await broker.SendAsync("Prices", "5");
        await broker.SubscribeAsync("g", "Prices", "price > 10", type: "SQL92");

        foreach (RemotingCommand refused in new[]
        {
            await CheckAsync("price > 10", broker: broker), await broker.PullAsync("g", "Prices", 0, 0), await PullWithAsync("price > 10", broker: broker),
        })
        {
            refused.Code.Should().Be(ResponseCode.SystemError);
            refused.Remark.Should().Be("The broker does not support consumer to filter message by SQL92");
        }
    }

    /// <summary>By default retries belong to the group whatever their properties.</summary>
    [Theory]
    [InlineData("false", new[] { "5", "15", "other" })]
    [InlineData("true", new[] { "15", "other" })]
    public async Task Pull_RetryTopic_IsFilteredWhenAskedTo(string supported, string[] expected)
    {
        await using TestBroker broker = await StartAsync(("enablePropertyFilter", "true"), ("filterSupportRetry", supported));
        await broker.CreateTopicAsync("Prices");
        await broker.SubscribeAsync("g", "Prices", "price > 10", type: "SQL92");
        await broker.CreateTopicAsync("%RETRY%g");
        foreach ((string body, string topic) in new[] { ("5", "Prices"), ("15", "Prices"), ("other", "Elsewhere") })
        {
            await broker.SendAsync("%RETRY%g", body, properties: Requests.Properties(("price", body), ("RETRY_TOPIC", topic)));
        }

        RemotingCommand answer = await broker.PullAsync("g", "%RETRY%g", 0, 0, PullMessageRequestHeader.SubscriptionFlag, subscription: "*");

        Requests.Decode(answer).Select(static message => message.Body).Should().Equal(expected);
    }

    private Task<TestBroker> StartAsync(params (string Key, string Value)[] settings) =>
        TestBroker.StartAsync(settings.ToDictionary(static pair => pair.Key, static pair => pair.Value, StringComparer.Ordinal), loggers: _log);

    private async Task SendAsync(string topic, params int[] prices)
    {
        foreach (int price in prices)
        {
            string text = price.ToString(System.Globalization.CultureInfo.InvariantCulture);
            await _broker.SendAsync(topic, text, properties: Requests.Properties(("price", text)));
        }
    }

    private async Task<IEnumerable<string>> BodiesAsync(string group, string topic) => Requests.Decode(await _broker.PullAsync(group, topic, 0, 0)).Select(static message => message.Body);

    private Task<RemotingCommand> PullWithAsync(string expression, string type = "SQL92", TestBroker? broker = null) =>
        (broker ?? _broker).InvokeAsync(Requests.Pull("g", "Prices", 0, 0, PullMessageRequestHeader.SubscriptionFlag, subscription: expression).Set("expressionType", type));

    private Task<RemotingCommand> CheckAsync(string expression, string type = "SQL92", TestBroker? broker = null)
    {
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.CheckClientConfig);
        request.Body = Encoding.UTF8.GetBytes(
            $$"""{"clientId":"client-1","group":"g","subscriptionData":{"expressionType":"{{type}}","subString":"{{expression}}","subVersion":1,"topic":"Prices"} }""");
        return (broker ?? _broker).InvokeAsync(request);
    }
}
