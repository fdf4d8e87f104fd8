using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using RocketOps.NameServer.Configuration;
using RocketOps.NameServer.Handling;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Client;

namespace RocketOps.NameServer.Routing;

/// <summary>
/// Tells members of a broker group that its lowest id has changed (NOTIFY_MIN_BROKER_ID_CHANGE, 905), one way, when <c>notifyMinBrokerIdChanged</c> is on. Notices are sent one after the
/// other by one task, and the oldest is dropped when a thousand wait: members learn the same from their next question for the group. Source: remoting.md §3.8.
/// </summary>
internal sealed class MinBrokerNotifier : IAsyncDisposable
{
    private const int MaxWaiting = 1_000;

    private readonly NameServerConfiguration _configuration;
    private readonly RemotingClient _client;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Channel<MinBrokerChange> _waiting =
        Channel.CreateBounded<MinBrokerChange>(new BoundedChannelOptions(MaxWaiting) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    private readonly Task _sending;

    /// <summary>The client is disposed with this.</summary>
    public MinBrokerNotifier(NameServerConfiguration configuration, RemotingClient client, ILogger logger)
    {
        _configuration = configuration;
        _client = client;
        _logger = logger;
        _sending = SendAllAsync();
    }

    /// <summary>Takes a change; never waits.</summary>
    public void Changed(MinBrokerChange change)
    {
        if (_configuration.Get(NameServerProperties.NotifyMinBrokerIdChanged))
        {
            _waiting.Writer.TryWrite(change);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _stopping.CancelAsync();
        await _sending;
        await _client.DisposeAsync();
        _stopping.Dispose();
    }

    private async Task SendAllAsync()
    {
        try
        {
            await foreach (MinBrokerChange change in _waiting.Reader.ReadAllAsync(_stopping.Token))
            {
                await Task.WhenAll(change.Recipients.Select(address => SendAsync(address, change)));
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The name server stops.
        }
    }

    private async Task SendAsync(string address, MinBrokerChange change)
    {
        RemotingCommand notice = RemotingCommand.CreateRequest(RequestCode.NotifyMinBrokerIdChange)
            .Set("minBrokerId", change.MinBrokerId)
            .Set("minBrokerAddr", change.MinBrokerAddress)
            .Set("offlineBrokerAddr", change.OfflineAddress)
            .Set("haBrokerAddr", change.HaAddress);
        try
        {
            await _client.InvokeOneWayAsync(address, notice, _stopping.Token);
        }
        catch (Exception failure) when (!_stopping.IsCancellationRequested)
        {
            NameServerLog.NoticeFailed(_logger, address, failure);
        }
    }
}

/// <summary>A broker group has another lowest id than before: its members may have to act as the master, or stop to.</summary>
/// <param name="Recipients">The members that are told: of a group that a member has joined the others, else all that are left.</param>
/// <param name="MinBrokerId">The lowest id now.</param>
/// <param name="MinBrokerAddress">Where that member is.</param>
/// <param name="OfflineAddress">The member that is gone; null when one has come.</param>
/// <param name="HaAddress">Where the member that has come serves its log; null when one is gone.</param>
internal sealed record MinBrokerChange(IReadOnlyList<string> Recipients, long MinBrokerId, string MinBrokerAddress, string? OfflineAddress, string? HaAddress);
