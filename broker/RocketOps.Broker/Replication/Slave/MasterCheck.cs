using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Replication.Frames;
using RocketOps.Hosting.Properties;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Client;
using RocketOps.Store;

namespace RocketOps.Broker.Replication.Slave;

/// <summary>
/// Asks a master, before its log is followed, whether that is the log this store is a copy of: RocketMQ's replication tells nothing but an offset, and two logs whose messages
/// happen to have the same lengths would be joined. The last record here, and the first of its file, must be the same there. Asks with requests every RocketMQ broker answers.
/// </summary>
internal sealed partial class MasterCheck(
    BrokerSettings settings, MessageStore store, RemotingClient client, StoreGroup origin, ILogger logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private bool _toldUnchecked;

    /// <summary>
    /// Throws <see cref="HaRefusedException"/> when the master has another log or files of another length, <see cref="IOException"/> or <see cref="TimeoutException"/> when it does
    /// not answer.
    /// </summary>
    public async Task CheckAsync(string master, CancellationToken cancellationToken)
    {
        if (master.Length == 0)
        {
            // With haMasterAddress and no name server there is only the replication port.
            if (!_toldUnchecked)
            {
                _toldUnchecked = true;
                LogUnchecked();
            }

            return;
        }

        await CheckConfigurationAsync(master, cancellationToken);
        long last = await store.Reader.FindLastRecordAsync(cancellationToken);
        if (last >= 0)
        {
            long first = Math.Max(store.GetStats().MinOffset.Value, last - (last % store.Options.CommitLogFileBytes));
            await CheckRecordAsync(master, last, cancellationToken);
            await CheckRecordAsync(master, first, cancellationToken);
        }

        origin.Prove();
    }

    /// <summary>
    /// The same where <c>haMasterAddress</c> says whose log is followed. It may name another group's master by mistake, and what name servers
    /// tell is about this group's. So the broker that serves there is asked where it can be found: RocketMQ's replication port is the one
    /// above the clients'. Throws <see cref="IOException"/> while neither that broker nor a name server answers.
    /// </summary>
    /// <param name="ha"><c>haMasterAddress</c>.</param>
    /// <param name="master">Address that name servers tell; empty while they tell none.</param>
    /// <param name="cancellationToken">Ends the questions.</param>
    public async Task CheckAtAsync(string ha, string master, CancellationToken cancellationToken)
    {
        string asked = await FindServerOfAsync(ha, cancellationToken) ?? master;
        if (asked.Length == 0 && settings.Current.NameServers.Length > 0)
        {
            throw new IOException($"no broker that serves slaves at {ha} answers one port below, and no name server of namesrvAddr tells where this group's master "
                + "serves clients: its log cannot be compared with this one");
        }

        await CheckAsync(asked, cancellationToken);
    }

    /// <summary>Finds the address at which the broker that serves slaves at <paramref name="ha"/> serves clients; null when it does not serve them one port below.</summary>
    private async Task<string?> FindServerOfAsync(string ha, CancellationToken cancellationToken)
    {
        int colon = ha.LastIndexOf(':');
        if (colon < 0 || !int.TryParse(ha.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port) || port < 2)
        {
            return null;
        }

        string below = string.Create(CultureInfo.InvariantCulture, $"{ha[..colon]}:{port - 1}");
        try
        {
            Dictionary<string, string> values = await AskConfigurationAsync(below, cancellationToken);
            return values.GetValueOrDefault(BrokerOptions.Keys.HaListenPort.Name) == port.ToString(CultureInfo.InvariantCulture) ? below : null;
        }
        catch (Exception silent) when (silent is IOException or TimeoutException)
        {
            return null;
        }
    }

    private async Task CheckConfigurationAsync(string master, CancellationToken cancellationToken)
    {
        Dictionary<string, string> values = await AskConfigurationAsync(master, cancellationToken);
        CheckName(values, BrokerOptions.Keys.BrokerClusterName.Name, settings.Current.ClusterName);
        CheckName(values, BrokerOptions.Keys.BrokerName.Name, settings.Current.BrokerName);
        if (values.TryGetValue(StoreKeys.MappedFileSizeCommitLog.Name, out string? text) && int.TryParse(text, out int fileBytes) && fileBytes != store.Options.CommitLogFileBytes)
        {
            throw new HaRefusedException(
                $"the master's log has files of {fileBytes} bytes, this one of {store.Options.CommitLogFileBytes}: set mappedFileSizeCommitLog={fileBytes} here, and start with an empty store");
        }
    }

    private async Task<Dictionary<string, string>> AskConfigurationAsync(string master, CancellationToken cancellationToken)
    {
        RemotingCommand answer = await client.InvokeAsync(master, RemotingCommand.CreateRequest(RequestCode.GetBrokerConfig), Patience, cancellationToken);
        if (answer.Code != ResponseCode.Success)
        {
            throw new IOException($"{master} does not tell its configuration: code {answer.Code}, {answer.Remark}");
        }

        // The last value of a key counts.
        Dictionary<string, string> values = new(StringComparer.Ordinal);
        foreach (PropertyEntry entry in JavaPropertiesParser.Parse(Encoding.UTF8.GetString(answer.Body.Span), master, []))
        {
            values[entry.Key] = entry.Value;
        }

        return values;
    }

    /// <summary>The master of another group is at the address: an empty slave would take its log, and serve its messages as this group's.</summary>
    private static void CheckName(Dictionary<string, string> values, string key, string own)
    {
        if (values.TryGetValue(key, out string? name) && name != own)
        {
            throw new HaRefusedException($"the broker there has {key}={name}, this slave {key}={own}: it is the master of another group; compare haMasterAddress and namesrvAddr of both");
        }
    }

    private async Task CheckRecordAsync(string master, long offset, CancellationToken cancellationToken)
    {
        if (!await HasRecordAsync(master, offset, cancellationToken))
        {
            throw new HaRefusedException(await DescribeAsync(master, offset, cancellationToken));
        }
    }

    /// <summary>True when the master has the same record there.</summary>
    private async Task<bool> HasRecordAsync(string master, long offset, CancellationToken cancellationToken)
    {
        byte[] own = await store.Reader.LookMessageAsync(new PhysicalOffset(offset), cancellationToken)
            ?? throw new IOException($"the record at offset {offset} cannot be read");
        RemotingCommand answer = await client.InvokeAsync(
            master, RemotingCommand.CreateRequest(RequestCode.ViewMessageById).Set("offset", offset), Patience, cancellationToken);
        return answer.Code == ResponseCode.Success && answer.Body.Span.SequenceEqual(own);
    }

    /// <summary>
    /// Says how the two logs differ, and what to do: the longer one may be the only place where its messages are. Only a log that goes on
    /// where the master's ends may take its place; length alone would have two members give each other that advice in turn.
    /// </summary>
    private async Task<string> DescribeAsync(string master, long offset, CancellationToken cancellationToken)
    {
        long own = store.Positions.Appended.Value;
        long masters = await AskEndAsync(master, cancellationToken);
        if (own <= masters)
        {
            return $"this store is no copy of the master's log: the master has another record at offset {offset}; its log ends at "
                + $"{masters}, this one at {own}, so the master has {masters - own} bytes more. "
                + "Both were masters at the same time, or this is another group's store. Move this store away (it may have messages that "
                + "the master lacks: keep it until that is known) and start the slave empty";
        }

        string found = $"this store is no copy of the master's log: this log ends at {own}, the master's at {masters}, so this slave has "
            + $"{own - masters} bytes more; do not empty it, its messages may be nowhere else. ";
        const string Promote = "stop it and start this broker as the master (brokerRole=ASYNC_MASTER, brokerId=0)";
        if (masters == 0)
        {
            return found + $"The master's log is empty. If this store is this group's, and the master has lost its own, {Promote}. "
                + "If this store is another group's, move it away and start the slave empty";
        }

        long last = await store.Reader.FindLastRecordBeforeAsync(new PhysicalOffset(masters), cancellationToken);
        return last >= 0 && await HasRecordAsync(master, last, cancellationToken)
            ? found + $"If the master has lost messages (an older copy of its store, another disk), {Promote}; "
                + "else keep a copy of this store before it is emptied"
            : found + $"The two logs are not of one history: before offset {masters} this log has another record than the master's. "
                + "Both were masters at the same time, or one of the two stores is another group's. Find out which of the two this group "
                + "is to have. If it is the master's, move this store away, keep it until it is known what only it has, and start the "
                + "slave empty";
    }

    /// <summary>Asks where the master's log ends.</summary>
    private async Task<long> AskEndAsync(string master, CancellationToken cancellationToken)
    {
        RemotingCommand answer = await client.InvokeAsync(master, RemotingCommand.CreateRequest(RequestCode.GetBrokerRuntimeInfo),
            Patience, cancellationToken);
        return answer.Code == ResponseCode.Success ? LogEnds.Read(answer)
            : throw new IOException($"{master} does not tell where its log ends: code {answer.Code}, {answer.Remark}");
    }

    [LoggerMessage(EventId = 3621, Level = LogLevel.Warning, Message = "No name server tells where the master serves clients, so it cannot be asked whether its log is the one this store is a copy of")]
    private partial void LogUnchecked();
}
