using System.Net;
using System.Text;
using RocketOps.Hosting.Properties;
using RocketOps.NameServer.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Client;
using RocketOps.Testing.Logging;
using RocketOps.Testing;

namespace RocketOps.NameServer.Tests.Hosting;

public sealed class NameServerHostTests
{
    [Theory]
    [InlineData(317, null, "\"brokerAddrs\":{0:\"h:1\",1:\"h:2\"}")]
    [InlineData(400, null, "\"brokerAddrs\":{0:\"h:1\",1:\"h:2\"}")]
    [InlineData(401, null, "\"brokerAddrs\":{\"0\":\"h:1\",\"1\":\"h:2\"}")]
    [InlineData(479, null, "\"brokerAddrs\":{\"0\":\"h:1\",\"1\":\"h:2\"}")]
    [InlineData(317, "true", "\"brokerAddrs\":{\"0\":\"h:1\",\"1\":\"h:2\"}")]
    [InlineData(317, "false", "\"brokerAddrs\":{0:\"h:1\",1:\"h:2\"}")]
    public async Task Route_ByVersionOrWish_HasTheRightShape(int version, string? standardOnly, string expected)
    {
        await using NameServerFixture server = await NameServerFixture.StartAsync();
        RemotingClient broker = server.Client();
        await server.RegisterAsync(broker, "a", 0, "h:1");
        RemotingCommand slave = await server.RegisterAsync(broker, "a", 1, "h:2");

        RemotingCommand route = await server.AskAsync(server.Client(version), RequestCode.GetRouteInfoByTopic, null, ("topic", "T"), ("acceptStandardJsonOnly", standardOnly));

        slave.ExtFields.Should().Contain("masterAddr", "h:1").And.Contain("haServerAddr", "h:19");
        route.Code.Should().Be(ResponseCode.Success);
        Text(route).Should().Contain(expected);
    }

    [Fact]
    public async Task Eviction_FailsOnce_SilentBrokersAreRemovedAllTheSame()
    {
        const int Removed = 2603;
        const int EvictionFailed = 2608;
        using ThrowingLog log = new(failAt: Removed, count: EvictionFailed);
        await using NameServerFixture server = await NameServerFixture.StartAsync(log, "scanNotActiveBrokerInterval=100");
        await server.RegisterAsync(server.Client(), "a", 0, "h:1", null, ("heartbeatTimeoutMillis", "1"));
        await Eventually.TrueAsync(() => log.Counted == 1, "a scan has failed");

        await server.RegisterAsync(server.Client(), "b", 0, "h:2", null, ("heartbeatTimeoutMillis", "1"));

        await Eventually.TrueAsync(async () => (await server.RouteAsync()).Code == ResponseCode.TopicNotExist, "the silent broker is gone");
        log.HasFailed.Should().BeTrue();
    }

    [Fact]
    public async Task Route_TopicUnknown_IsCode17WithRocketMqsWords()
    {
        await using NameServerFixture server = await NameServerFixture.StartAsync();

        RemotingCommand route = await server.RouteAsync("nope");

        route.Code.Should().Be(ResponseCode.TopicNotExist);
        route.Remark.Should().StartWith("No topic route info in name server for the topic: nope");
    }

    [Fact]
    public async Task Register_CompressedBodyThatSaysItIsNot_IsReadAllTheSame()
    {
        await using NameServerFixture server = await NameServerFixture.StartAsync();

        RemotingCommand registered = await server.RegisterAsync(server.Client(), "a", 0, "h:1", Bodies.Compressed("T", "U"), ("compressed", "false"));

        registered.Code.Should().Be(ResponseCode.Success);
        (await server.RouteAsync("U")).Code.Should().Be(ResponseCode.Success);
    }

    [Fact]
    public async Task Register_WrongCrc_IsRefused()
    {
        await using NameServerFixture server = await NameServerFixture.StartAsync();

        RemotingCommand registered = await server.RegisterAsync(server.Client(), "a", 0, "h:1", null, ("bodyCrc32", "5"));

        registered.Code.Should().Be(ResponseCode.SystemError);
        registered.Remark.Should().Be("crc32 not match");
    }

    [Theory]
    [InlineData("{garbage")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"topicConfigSerializeWrapper\":{\"topicConfigTable\":7}}")]
    public async Task Register_HostileBody_IsRefusedAndTheServerGoesOn(string body)
    {
        await using NameServerFixture server = await NameServerFixture.StartAsync();
        RemotingClient client = server.Client();

        RemotingCommand refused = await server.RegisterAsync(client, "a", 0, "h:1", Encoding.UTF8.GetBytes(body));

        refused.Code.Should().Be(ResponseCode.SystemError);
        (await server.RegisterAsync(client, "a", 0, "h:1")).Code.Should().Be(ResponseCode.Success);
    }

    [Fact]
    public async Task Connection_OfBrokerCloses_RemovesItAtOnce()
    {
        await using NameServerFixture server = await NameServerFixture.StartAsync();
        RemotingClient broker = server.Client();
        await server.RegisterAsync(broker, "a", 0, "h:1");
        (await server.RouteAsync()).Code.Should().Be(ResponseCode.Success);

        await broker.DisposeAsync();

        await Eventually.TrueAsync(async () => (await server.RouteAsync()).Code == ResponseCode.TopicNotExist, "the broker's routes are gone");
    }

    [Fact]
    public async Task Connection_OldOneOfReconnectedBrokerCloses_KeepsTheBroker()
    {
        await using NameServerFixture server = await NameServerFixture.StartAsync();
        RemotingClient old = server.Client();
        await server.RegisterAsync(old, "a", 0, "h:1");
        await server.RegisterAsync(old, "b", 0, "h:2", Encoding.UTF8.GetBytes(Bodies.Json("OnlyB", "V")));
        await server.RegisterAsync(server.Client(), "a", 0, "h:1");

        await old.DisposeAsync();

        await Eventually.TrueAsync(async () => (await server.RouteAsync("OnlyB")).Code == ResponseCode.TopicNotExist, "the close was noticed");
        (await server.RouteAsync()).Code.Should().Be(ResponseCode.Success);
    }

    [Fact]
    public async Task Broker_Silent_IsRemovedAndItsConnectionClosed()
    {
        await using NameServerFixture server = await NameServerFixture.StartAsync("scanNotActiveBrokerInterval=100");
        RemotingClient broker = server.Client();
        CancellationToken closed = (await broker.ConnectAsync(server.Address)).Closed;
        await server.RegisterAsync(broker, "a", 0, "h:1", null, ("heartbeatTimeoutMillis", "300"));

        await Eventually.TrueAsync(async () => (await server.RouteAsync()).Code == ResponseCode.TopicNotExist, "the silent broker is gone");
        await Eventually.TrueAsync(() => closed.IsCancellationRequested, "its connection was closed");
    }

    [Fact]
    public async Task DataVersion_AskedFor_SaysWhetherItChanged()
    {
        await using NameServerFixture server = await NameServerFixture.StartAsync();
        RemotingClient broker = server.Client();
        await server.RegisterAsync(broker, "a", 0, "h:1");

        RemotingCommand same = await AskVersionAsync("h:1", Bodies.Version);
        RemotingCommand other = await AskVersionAsync("h:1", "{\"counter\":4,\"timestamp\":1731999999000}");
        RemotingCommand unknown = await AskVersionAsync("h:9", Bodies.Version);

        same.Get("changed").Should().Be("false");
        Text(same).Should().Be(Bodies.Version);
        other.Get("changed").Should().Be("true");
        unknown.Get("changed").Should().Be("true");
        unknown.Body.Length.Should().Be(0);

        Task<RemotingCommand> AskVersionAsync(string address, string version) =>
            server.AskAsync(broker, RequestCode.QueryDataVersion, version, ("brokerName", "a"), ("brokerAddr", address), ("clusterName", "C"), ("brokerId", "0"));
    }

    [Fact]
    public async Task KeyValues_PutThenRestart_AreStillThere()
    {
        await using NameServerFixture server = await NameServerFixture.StartAsync("orderMessageEnable=true");
        RemotingClient client = server.Client();
        (string, string?)[] name = [("namespace", "ORDER_TOPIC_CONFIG"), ("key", "T")];
        (await server.AskAsync(client, RequestCode.PutKvConfig, null, [.. name, ("value", "a:8")])).Code.Should().Be(ResponseCode.Success);

        await server.RestartAsync("orderMessageEnable=true");
        client = server.Client();

        (await server.AskAsync(client, RequestCode.GetKvConfig, null, name)).Get("value").Should().Be("a:8");
        RemotingCommand registered = await server.RegisterAsync(client, "a", 0, "h:1");
        Text(registered).Should().Be("{\"table\":{\"T\":\"a:8\"}}");
        Text(await server.RouteAsync()).Should().Contain("\"orderTopicConf\":\"a:8\"");
        await server.AskAsync(client, RequestCode.DeleteKvConfig, null, name);
        RemotingCommand gone = await server.AskAsync(client, RequestCode.GetKvConfig, null, name);
        gone.Code.Should().Be(ResponseCode.QueryNotFound);
        gone.Remark.Should().Be("No config item, Namespace: ORDER_TOPIC_CONFIG Key: T");
    }

    [Fact]
    public async Task Configuration_LiveKeyUpdated_TakesEffectAndIsKept()
    {
        await using NameServerFixture server = await NameServerFixture.StartAsync();
        RemotingClient client = server.Client();

        (await server.AskAsync(client, RequestCode.UpdateNameServerConfig, "enableAllTopicList=false\n")).Code.Should().Be(ResponseCode.Success);

        RemotingCommand list = await server.AskAsync(client, RequestCode.GetAllTopicListFromNameServer);
        list.Code.Should().Be(ResponseCode.SystemError);
        list.Remark.Should().Be("disable");
        (await File.ReadAllLinesAsync(server.ConfigFile)).Should().Contain("enableAllTopicList=false").And.Contain("listenPort=0");
        Text(await server.AskAsync(client, RequestCode.GetNameServerConfig)).Should().Contain("\nenableAllTopicList=false\n").And.Contain($"configStorePath={server.ConfigFile}\n");
    }

    [Fact]
    public async Task Configuration_DeletionWithRegistrationSwitchedOn_CountsForTheNextRegistration()
    {
        await using NameServerFixture server = await NameServerFixture.StartAsync();
        RemotingClient client = server.Client();
        await server.RegisterAsync(client, "a", 0, "h:1");
        await RegisterTAsync(version: 4);
        (await server.RouteAsync("U")).Code.Should().Be(ResponseCode.Success, "it is off");

        (await server.AskAsync(client, RequestCode.UpdateNameServerConfig, "deleteTopicWithBrokerRegistration=true\n")).Code.Should().Be(ResponseCode.Success);
        await RegisterTAsync(version: 5);

        (await server.RouteAsync("U")).Code.Should().Be(ResponseCode.TopicNotExist);
        (await server.RouteAsync("T")).Code.Should().Be(ResponseCode.Success);

        Task RegisterTAsync(int version) => server.RegisterAsync(
            client, "a", 0, "h:1", Encoding.UTF8.GetBytes(Bodies.Json("T").Replace("\"counter\":3", $"\"counter\":{version}", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("kvConfigPath=/x", ResponseCode.NoPermission, "Can not update config in black list.")]
    [InlineData("listenPort=5", ResponseCode.SystemError, "listenPort: takes effect at a start only; change the file and restart")]
    [InlineData("enableTopicLst=false", ResponseCode.SystemError, "enableTopicLst: unknown key; did you mean enableTopicList? Serve the other topic lists (requests 224, 311, 312, 313).")]
    [InlineData("enableTopicList=maybe", ResponseCode.SystemError, "enableTopicList: \"maybe\" is not allowed; allowed: true or false (default true)")]
    public async Task Configuration_WhatCannotBeChanged_IsRefusedAndNothingChanges(string line, int code, string remark)
    {
        await using NameServerFixture server = await NameServerFixture.StartAsync();
        RemotingClient client = server.Client();

        RemotingCommand answer = await server.AskAsync(client, RequestCode.UpdateNameServerConfig, line + "\nenableAllTopicList=false\n");

        answer.Code.Should().Be(code);
        answer.Remark.Should().Be(remark);
        (await server.AskAsync(client, RequestCode.GetAllTopicListFromNameServer)).Code.Should().Be(ResponseCode.Success);
    }

    [Fact]
    public async Task TopicLists_AfterRegistration_NameWhatIsThere()
    {
        await using NameServerFixture server = await NameServerFixture.StartAsync();
        RemotingClient client = server.Client();
        await server.RegisterAsync(client, "a", 0, "h:1");

        Text(await server.AskAsync(client, RequestCode.GetAllTopicListFromNameServer)).Should().Be("{\"topicList\":[\"T\",\"U\"]}");
        Text(await server.AskAsync(client, RequestCode.GetTopicsByCluster, null, ("cluster", "C"))).Should().Be("{\"topicList\":[\"T\",\"U\"]}");
        Text(await server.AskAsync(client, RequestCode.GetTopicsByCluster, null, ("cluster", "D"))).Should().Be("{\"topicList\":[]}");
        Text(await server.AskAsync(client, RequestCode.GetSystemTopicListFromNameServer)).Should().Be("{\"brokerAddr\":\"h:1\",\"topicList\":[\"C\",\"a\"]}");
        Text(await server.AskAsync(client, RequestCode.GetUnitTopicList)).Should().Be("{\"topicList\":[]}");
    }

    [Fact]
    public async Task RegisteredCodes_AreThoseOfTheProtocol()
    {
        await using NameServerFixture server = await NameServerFixture.StartAsync();
        RemotingClient client = server.Client();
        int[] served = [100, 101, 102, 103, 104, 105, 106, 205, 206, 216, 217, 219, 224, 304, 311, 312, 313, 318, 319, 322, 327, 901, 904];

        foreach (int code in Enumerable.Range(0, 1100))
        {
            RemotingCommand answer = await server.AskAsync(client, code);
            bool known = answer.Code != ResponseCode.RequestCodeNotSupported;
            known.Should().Be(served.Contains(code), "request code {0} was answered {1}", code, answer.Code);
            if (!known)
            {
                answer.Remark.Should().Be($" request type {code} not supported");
            }
        }
    }

    [Fact]
    public async Task NeedWaitForService_JustStarted_RefusesRoutesAndIsNotReady()
    {
        await using NameServerFixture server = await NameServerFixture.StartAsync("needWaitForService=true", "httpPort=0");
        await server.RegisterAsync(server.Client(), "a", 0, "h:1");

        RemotingCommand route = await server.RouteAsync();

        route.Remark.Should().Be("name server not ready");
        (await GetAsync(server, "/readyz")).Should().Be(HttpStatusCode.ServiceUnavailable);
        (await GetAsync(server, "/livez")).Should().Be(HttpStatusCode.OK);
        await server.AskAsync(server.Client(), RequestCode.UpdateNameServerConfig, "waitSecondsForService=0\n");
        (await server.RouteAsync()).Code.Should().Be(ResponseCode.Success);
        (await GetAsync(server, "/readyz")).Should().Be(HttpStatusCode.OK);
        (await GetAsync(server, "/else")).Should().Be(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Start_KvFileDamaged_ThrowsNamingIt()
    {
        using TempDirectory directory = new();
        string path = directory.File("kvConfig.json");
        await File.WriteAllTextAsync(path, "{\"configTable\":");
        PropertyValues values = PropertyLoader.Apply(
            PropertyValues.Defaults(NameServer.Configuration.NameServerProperties.Catalog),
            [new("kvConfigPath", path, default), new("listenPort", "0", default)]).Values;

        await FluentActions.Awaiting(() => NameServer.Hosting.NameServerHost.StartAsync(values, null, Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance))
            .Should().ThrowAsync<InvalidDataException>().WithMessage(path + "*");
    }

    private static async Task<HttpStatusCode> GetAsync(NameServerFixture server, string path)
    {
        using HttpClient http = new();
        using HttpResponseMessage response = await http.GetAsync(new Uri($"http://{server.Host.HttpEndPoint}{path}"));
        return response.StatusCode;
    }

    private static string Text(RemotingCommand command) => Encoding.UTF8.GetString(command.Body.Span);
}
