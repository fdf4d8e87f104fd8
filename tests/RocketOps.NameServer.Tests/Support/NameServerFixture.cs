using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Hosting.Hosts;
using RocketOps.Hosting.Properties;
using RocketOps.NameServer.Configuration;
using RocketOps.NameServer.Hosting;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Client;
using RocketOps.Remoting.Connections;
using RocketOps.Testing;

namespace RocketOps.NameServer.Tests.Support;

/// <summary>A name server in this process, on a free port of loopback, with a folder of its own and clients of chosen versions.</summary>
internal sealed class NameServerFixture : IAsyncDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly List<RemotingClient> _clients = [];
    private readonly ILoggerFactory _loggers;
    private NameServerHost? _host;

    private NameServerFixture(ILoggerFactory loggers)
    {
        _loggers = loggers;
    }

    public NameServerHost Host => _host!;

    public string Address => Host.EndPoint.ToString();

    public string ConfigFile => _directory.File("namesrv.conf");

    public static Task<NameServerFixture> StartAsync(params string[] properties) => StartAsync(NullLoggerFactory.Instance, properties);

    public static async Task<NameServerFixture> StartAsync(ILoggerFactory loggers, params string[] properties)
    {
        NameServerFixture fixture = new(loggers);
        await fixture.StartHostAsync(properties);
        return fixture;
    }

    public async Task RestartAsync(params string[] properties)
    {
        await Host.DisposeAsync();
        await StartHostAsync(properties);
    }

    /// <summary>A client whose frames carry this version; each has a connection of its own.</summary>
    public RemotingClient Client(int version = MqVersion.V533)
    {
        RemotingClient client = new(new RemotingClientOptions { ConnectTimeout = Eventually.DefaultDeadline, InvokeTimeout = Eventually.DefaultDeadline, Remoting = new RemotingOptions { Version = version } }, NullLoggerFactory.Instance, new HostResolver().ResolveAsync);
        _clients.Add(client);
        return client;
    }

    public Task<RemotingCommand> AskAsync(RemotingClient client, int code, string? body = null, params (string Name, string? Value)[] fields)
    {
        RemotingCommand request = RemotingCommand.CreateRequest(code);
        foreach ((string name, string? value) in fields)
        {
            request.Set(name, value);
        }

        request.Body = body is null ? default : Encoding.UTF8.GetBytes(body);
        return client.InvokeAsync(Address, request, Eventually.DefaultDeadline);
    }

    public Task<RemotingCommand> RegisterAsync(RemotingClient client, string brokerName, long id, string address, ReadOnlyMemory<byte>? body = null, params (string Name, string? Value)[] more)
    {
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.RegisterBroker)
            .Set("brokerName", brokerName).Set("brokerAddr", address).Set("clusterName", "C").Set("haServerAddr", address + "9").Set("brokerId", id);
        foreach ((string name, string? value) in more)
        {
            request.Set(name, value);
        }

        request.Body = body ?? Encoding.UTF8.GetBytes(Bodies.Json("T", "U"));
        return client.InvokeAsync(Address, request, Eventually.DefaultDeadline);
    }

    public Task<RemotingCommand> RouteAsync(string topic = "T", int version = MqVersion.V533) => AskAsync(Client(version), RequestCode.GetRouteInfoByTopic, null, ("topic", topic));

    public async ValueTask DisposeAsync()
    {
        foreach (RemotingClient client in _clients)
        {
            await client.DisposeAsync();
        }

        await Host.DisposeAsync();
        _directory.Dispose();
    }

    private async Task StartHostAsync(string[] properties)
    {
        string[] all = ["listenPort=0", "bindAddress=127.0.0.1", $"kvConfigPath={_directory.File("kv", "kvConfig.json")}", .. properties];
        await File.WriteAllLinesAsync(ConfigFile, all);
        PropertyArguments arguments = PropertyArguments.Parse(["-c", ConfigFile], new HashSet<string>(StringComparer.Ordinal), new Dictionary<string, string>(StringComparer.Ordinal));
        PropertyLoadResult loaded = PropertyLoader.Load(NameServerProperties.Catalog, arguments, new Dictionary<string, string>(StringComparer.Ordinal));
        loaded.Errors.Should().BeEmpty();
        _host = await NameServerHost.StartAsync(loaded.Values, ConfigFile, _loggers);
    }
}
