using System.Globalization;
using System.Text;
using RocketOps.Broker.Tests.Support;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Topics;

/// <summary>Sends make topics up to <c>maxTopics</c>; what is there is served, and who may make more does.</summary>
public sealed class TopicLimitTests : IAsyncLifetime, IDisposable
{
    private readonly HookedFileSystem _files = new();
    private readonly TempDirectory _directory = new("topics-");
    private TestBroker _broker = null!;

    private TopicTable Table => _broker.Host.Modules.Topics.Topics;

    public async Task InitializeAsync() => _broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["httpPort"] = "-1" }, _directory, fileSystem: _files);

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("late")]
    [InlineData("%RETRY%late")]
    public async Task Send_ToOneTopicMoreThanThereMayBe_IsToldTheLimit(string topic)
    {
        await _broker.SendAsync("known", "one");
        await SetMaxTopicsAsync(Table.Count);

        RemotingCommand refused = await _broker.InvokeAsync(Requests.Send(topic, "one"));
        RemotingCommand sentReply = Requests.Send(topic, "one");
        sentReply.Code = RequestCode.SendReplyMessageV2;
        RemotingCommand reply = await _broker.InvokeAsync(sentReply);

        foreach (RemotingCommand answer in (RemotingCommand[])[refused, reply])
        {
            answer.Code.Should().Be(ResponseCode.TopicNotExist);
            answer.Remark.Should().StartWith($"topic[{topic}] not exist, apply first please!").And.Contain("maxTopics,");
        }

        Table.TryGet(topic, out _).Should().BeFalse();
        (await _broker.InvokeAsync(Requests.Send("known", "two"))).Code.Should().Be(ResponseCode.Success);
        using HttpClient http = new();
        (await http.GetStringAsync($"http://{_broker.Host.HttpEndPoint}/metrics")).Should()
            .MatchRegex("(?m)^rocketops_topics_refused_total\\{.*\\} 2$").And.MatchRegex($"(?m)^rocketops_topics_limit\\{{.*\\}} {Table.Count}$");
    }

    [Fact]
    public async Task Topic_OfAnAdministratorOrAGroupOrInThePlaceOfOneThatIsDeleted_IsMadeThoughThereAreSoMany()
    {
        await _broker.SendAsync("known", "one");
        await SetMaxTopicsAsync(Table.Count);

        await Table.CreateOrUpdateAsync(new TopicConfig { TopicName = "wanted" });
        await _broker.SubscribeAsync("g", "wanted");

        (await _broker.InvokeAsync(Requests.Send("wanted", "one"))).Code.Should().Be(ResponseCode.Success);
        Table.TryGet("%RETRY%g", out _).Should().BeTrue();
        (await _broker.InvokeAsync(Requests.Send("late", "one"))).Code.Should().Be(ResponseCode.TopicNotExist);
        foreach (string topic in (string[])["known", "wanted", "%RETRY%g"])
        {
            (await Table.DeleteAsync(topic)).Should().BeTrue();
        }

        (await _broker.InvokeAsync(Requests.Send("late", "one"))).Code.Should().Be(ResponseCode.Success);
    }

    [Fact]
    public async Task Send_ToManyNewTopicsAtOnce_NoMoreAreMadeThanThereMayBe()
    {
        const int Room = 3;
        const int All = 10;
        await SetMaxTopicsAsync(Table.Count + Room);
        _files.BeforeRename = path =>
        {
            if (path.EndsWith("topics.json", StringComparison.Ordinal))
            {
                SpinWait.SpinUntil(() => _files.BeforeRename is null, TimeSpan.FromMinutes(1));
            }
        };

        List<Task<RemotingCommand>> sends = [.. Enumerable.Range(0, All).Select(number => _broker.InvokeAsync(Requests.Send($"new-{number}", "one")))];
        await Eventually.TrueAsync(() => sends.Count(static send => send.IsCompleted) == All - Room, "all but those that are made are refused");
        _files.BeforeRename = null;

        (await Task.WhenAll(sends)).Count(static answer => answer.Code == ResponseCode.Success).Should().Be(Room);
    }

    private async Task SetMaxTopicsAsync(int most)
    {
        RemotingCommand update = RemotingCommand.CreateRequest(RequestCode.UpdateBrokerConfig);
        update.Body = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"maxTopics={most}"));
        (await _broker.InvokeAsync(update)).Code.Should().Be(ResponseCode.Success);
    }
}
