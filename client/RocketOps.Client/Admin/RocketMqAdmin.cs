using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Client.Calls;
using RocketOps.Client.Json;
using RocketOps.Client.Routing;
using RocketOps.Hosting.Hosts;
using RocketOps.Hosting.Properties;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Names;
using RocketOps.Remoting.Client;

namespace RocketOps.Client;

/// <inheritdoc cref="IRocketMqAdmin"/>
public sealed class RocketMqAdmin : IRocketMqAdmin
{
    private readonly AdminOptions _options;
    private readonly RemotingClient _remoting;
    private readonly RemotingCaller _caller;
    private readonly NameServers _nameServers;

    public RocketMqAdmin(AdminOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        Microsoft.Extensions.Logging.ILoggerFactory loggers = options.LoggerFactory ?? NullLoggerFactory.Instance;
        HostResolver resolver = HostResolver.FromEnvironment();
        _remoting = new RemotingClient(new RemotingClientOptions { ConnectTimeout = options.ConnectTimeout, InvokeTimeout = options.RequestTimeout }, loggers, resolver.ResolveToConnectAsync, time: options.TimeProvider);
        _caller = new RemotingCaller(_remoting, options.TimeProvider);
        _nameServers = new NameServers(NameServerSetting.Find(options.NameServers) ?? string.Empty, _caller, resolver.ResolveAllAsync, options.RequestTimeout, options.TimeProvider, loggers.CreateLogger("RocketOps.Client"));
    }

    public async Task<ClusterInfo> GetClusterInfoAsync(CancellationToken cancellationToken = default)
    {
        (RemotingCommand response, string address) = await AskNameServerAsync(static () => RemotingCommand.CreateRequest(RequestCode.GetBrokerClusterInfo), cancellationToken).ConfigureAwait(false);
        return WireJson.Read(response, WireJson.Default.ClusterInfo, address).WithConflicts(response.Get("conflicts"));
    }

    public async Task<ClusterInfo> GetClusterInfoAsync(string nameServerAddress, CancellationToken cancellationToken = default)
    {
        RemotingCommand response = await CallAsync(nameServerAddress, RemotingCommand.CreateRequest(RequestCode.GetBrokerClusterInfo), cancellationToken).ConfigureAwait(false);
        return WireJson.Read(response, WireJson.Default.ClusterInfo, nameServerAddress).WithConflicts(response.Get("conflicts"));
    }

    public async Task<TopicRoute?> GetTopicRouteAsync(string topic, CancellationToken cancellationToken = default)
    {
        (RemotingCommand response, string address) = await _nameServers
            .InvokeAsync(() => RemotingCommand.CreateRequest(RequestCode.GetRouteInfoByTopic).Set("topic", topic), cancellationToken).ConfigureAwait(false);
        return response.Code switch
        {
            ResponseCode.Success => WireJson.Read(response, WireJson.Default.TopicRoute, address),
            ResponseCode.TopicNotExist => null,
            _ => throw new RocketMqException(response.Code, response.Remark, address),
        };
    }

    public async Task<IReadOnlyList<string>> GetTopicNamesAsync(CancellationToken cancellationToken = default)
    {
        (RemotingCommand response, string address) = await AskNameServerAsync(static () => RemotingCommand.CreateRequest(RequestCode.GetAllTopicListFromNameServer), cancellationToken).ConfigureAwait(false);
        return WireJson.Read(response, WireJson.Default.NameList, address).Topics ?? [];
    }

    public Task CreateOrUpdateTopicAsync(string brokerAddress, TopicConfig topic, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(topic);
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.UpdateAndCreateTopic)
            .Set("topic", topic.Name)
            .Set("defaultTopic", TopicNames.AutoCreateTemplate)
            .Set("readQueueNums", topic.ReadQueues)
            .Set("writeQueueNums", topic.WriteQueues)
            .Set("perm", (int)topic.Permission)
            .Set("topicFilterType", topic.FilterType)
            .Set("topicSysFlag", topic.SysFlag)
            .Set("order", topic.Order);
        if (topic.Attributes is { Count: > 0 } attributes)
        {
            request.Set("attributes", string.Join(',', attributes.Select(static pair => $"+{pair.Key}={pair.Value}")));
        }

        return CallAsync(brokerAddress, request, cancellationToken);
    }

    public async Task<TopicConfig?> GetTopicConfigAsync(string brokerAddress, string topic, CancellationToken cancellationToken = default)
    {
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.GetTopicConfig).Set("topic", topic);
        RemotingCommand response = await _caller.InvokeAsync(brokerAddress, request, _options.RequestTimeout, cancellationToken).ConfigureAwait(false);
        switch (response.Code)
        {
            case ResponseCode.Success:
                return WireJson.Read(response, WireJson.Default.TopicConfig, brokerAddress);
            case ResponseCode.TopicNotExist:
                return null;
            case ResponseCode.RequestCodeNotSupported:
                // A 4.x broker: only the whole table can be asked for.
                return (await GetTopicConfigsAsync(brokerAddress, cancellationToken).ConfigureAwait(false)).GetValueOrDefault(topic);
            default:
                throw new RocketMqException(response.Code, response.Remark, brokerAddress);
        }
    }

    public async Task<IReadOnlyDictionary<string, TopicConfig>> GetTopicConfigsAsync(string brokerAddress, CancellationToken cancellationToken = default)
    {
        // Without paging fields every version answers the whole table.
        RemotingCommand response = await CallAsync(brokerAddress, RemotingCommand.CreateRequest(RequestCode.GetAllTopicConfig), cancellationToken).ConfigureAwait(false);
        return WireJson.Read(response, WireJson.Default.TopicConfigTable, brokerAddress).All();
    }

    public Task DeleteTopicOnBrokerAsync(string brokerAddress, string topic, CancellationToken cancellationToken = default) =>
        CallAsync(brokerAddress, RemotingCommand.CreateRequest(RequestCode.DeleteTopicInBroker).Set("topic", topic), cancellationToken);

    public Task DeleteTopicOnNameServersAsync(string topic, string? cluster, CancellationToken cancellationToken = default) =>
        ForEachNameServerAsync(() => RemotingCommand.CreateRequest(RequestCode.DeleteTopicInNameServer).Set("topic", topic).Set("clusterName", cluster), cancellationToken);

    public async Task<IReadOnlyDictionary<string, string?>> GetNameServerValuesAsync(string @namespace, CancellationToken cancellationToken = default)
    {
        IReadOnlyList<string> addresses = await _nameServers.GetAddressesAsync(cancellationToken).ConfigureAwait(false);
        Dictionary<string, string?>? values = null;
        foreach (IReadOnlyDictionary<string, string> table in await Task.WhenAll(addresses.Select(address => GetNameServerValuesAsync(address, @namespace, cancellationToken))).ConfigureAwait(false))
        {
            values ??= table.ToDictionary(static pair => pair.Key, static pair => (string?)pair.Value, StringComparer.Ordinal);
            foreach (string key in values.Keys.Union(table.Keys).ToArray())
            {
                values[key] = table.TryGetValue(key, out string? value) && values.GetValueOrDefault(key) == value ? value : null;
            }
        }

        return values ?? [];
    }

    public Task SetNameServerValueAsync(string @namespace, string key, string value, CancellationToken cancellationToken = default) =>
        ForEachNameServerAsync(() => RemotingCommand.CreateRequest(RequestCode.PutKvConfig).Set("namespace", @namespace).Set("key", key).Set("value", value), cancellationToken);

    public Task DeleteNameServerValueAsync(string @namespace, string key, CancellationToken cancellationToken = default) =>
        ForEachNameServerAsync(() => RemotingCommand.CreateRequest(RequestCode.DeleteKvConfig).Set("namespace", @namespace).Set("key", key), cancellationToken);

    public async Task<TopicStats> GetTopicStatsAsync(string brokerAddress, string topic, CancellationToken cancellationToken = default)
    {
        RemotingCommand response = await CallAsync(brokerAddress, RemotingCommand.CreateRequest(RequestCode.GetTopicStatsInfo).Set("topic", topic), cancellationToken).ConfigureAwait(false);
        return WireJson.Read(response, WireJson.Default.TopicStats, brokerAddress);
    }

    public async Task<PendingMessages?> GetPendingMessagesAsync(string brokerAddress, string topic, int fromQueue = 0, CancellationToken cancellationToken = default)
    {
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.GetPendingMessages).Set("topic", topic).Set("fromQueueId", fromQueue);
        RemotingCommand response = await _caller.InvokeAsync(brokerAddress, request, _options.RequestTimeout, cancellationToken).ConfigureAwait(false);
        return response.Code switch
        {
            ResponseCode.Success => WireJson.Read(response, WireJson.Default.PendingMessages, brokerAddress),
            ResponseCode.RequestCodeNotSupported => null,
            _ => throw new RocketMqException(response.Code, response.Remark, brokerAddress),
        };
    }

    public async Task<(string Member, long Epoch)> HandOverMasterAsync(string brokerAddress, string brokerName, string? member = null, CancellationToken cancellationToken = default)
    {
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.HandOverMaster).Set("brokerName", brokerName).Set("member", member);
        RemotingCommand response = await CallAsync(brokerAddress, request, cancellationToken).ConfigureAwait(false);
        return (response.GetRequired("member"), response.GetRequiredInt64("epoch"));
    }

    public async Task<ConsumeStats> GetConsumeStatsAsync(string brokerAddress, string group, string? topic = null, CancellationToken cancellationToken = default)
    {
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.GetConsumeStats).Set("consumerGroup", group).Set("topic", topic);
        RemotingCommand response = await CallAsync(brokerAddress, request, cancellationToken).ConfigureAwait(false);
        return WireJson.Read(response, WireJson.Default.ConsumeStats, brokerAddress);
    }

    public async Task<IReadOnlyDictionary<string, string>> GetBrokerRuntimeInfoAsync(string brokerAddress, CancellationToken cancellationToken = default)
    {
        RemotingCommand response = await CallAsync(brokerAddress, RemotingCommand.CreateRequest(RequestCode.GetBrokerRuntimeInfo), cancellationToken).ConfigureAwait(false);
        return WireJson.Read(response, WireJson.Default.KeyValueTable, brokerAddress).Table;
    }

    public async Task<IReadOnlyDictionary<string, string>> GetBrokerConfigAsync(string brokerAddress, CancellationToken cancellationToken = default)
    {
        RemotingCommand response = await CallAsync(brokerAddress, RemotingCommand.CreateRequest(RequestCode.GetBrokerConfig), cancellationToken).ConfigureAwait(false);
        List<PropertyProblem> problems = [];
        Dictionary<string, string> properties = new(StringComparer.Ordinal);
        foreach (PropertyEntry entry in JavaPropertiesParser.Parse(response.Body.Span, brokerAddress, problems))
        {
            properties[entry.Key] = entry.Value;
        }

        return problems.Count == 0 ? properties : throw new RocketMqException($"the configuration of {brokerAddress} cannot be read: {problems[0]}") { Reason = RocketMqErrorReason.InvalidAnswer };
    }

    public Task UpdateBrokerConfigAsync(string brokerAddress, IReadOnlyDictionary<string, string> properties, CancellationToken cancellationToken = default)
    {
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.UpdateBrokerConfig);
        request.Body = Encoding.UTF8.GetBytes(JavaPropertiesWriter.Write(properties));
        return CallAsync(brokerAddress, request, cancellationToken);
    }

    public async Task<int> WipeWritePermissionAsync(string brokerName, CancellationToken cancellationToken = default)
    {
        RemotingCommand last = await ForEachNameServerAsync(() => RemotingCommand.CreateRequest(RequestCode.WipeWritePermOfBroker).Set("brokerName", brokerName), cancellationToken).ConfigureAwait(false);
        return last.GetInt32("wipeTopicCount", 0);
    }

    public async Task<int> AddWritePermissionAsync(string brokerName, CancellationToken cancellationToken = default)
    {
        RemotingCommand last = await ForEachNameServerAsync(() => RemotingCommand.CreateRequest(RequestCode.AddWritePermOfBroker).Set("brokerName", brokerName), cancellationToken).ConfigureAwait(false);
        return last.GetInt32("addTopicCount", 0);
    }

    public async Task<IReadOnlyDictionary<string, SubscriptionGroupConfig>> GetSubscriptionGroupsAsync(string brokerAddress, CancellationToken cancellationToken = default)
    {
        RemotingCommand response = await CallAsync(brokerAddress, RemotingCommand.CreateRequest(RequestCode.GetAllSubscriptionGroupConfig), cancellationToken).ConfigureAwait(false);
        return WireJson.Read(response, WireJson.Default.SubscriptionGroupTable, brokerAddress).All();
    }

    public async Task<SubscriptionGroupConfig?> GetSubscriptionGroupAsync(string brokerAddress, string group, CancellationToken cancellationToken = default)
    {
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.GetSubscriptionGroupConfig).Set("group", group);
        RemotingCommand response = await _caller.InvokeAsync(brokerAddress, request, _options.RequestTimeout, cancellationToken).ConfigureAwait(false);
        return response.Code switch
        {
            ResponseCode.Success => WireJson.Read(response, WireJson.Default.SubscriptionGroupConfig, brokerAddress),
            ResponseCode.SubscriptionGroupNotExist => null,

            // A 4.x broker: only the whole table can be asked for.
            ResponseCode.RequestCodeNotSupported => (await GetSubscriptionGroupsAsync(brokerAddress, cancellationToken).ConfigureAwait(false)).GetValueOrDefault(group),
            _ => throw new RocketMqException(response.Code, response.Remark, brokerAddress),
        };
    }

    public Task CreateOrUpdateSubscriptionGroupAsync(string brokerAddress, SubscriptionGroupConfig group, CancellationToken cancellationToken = default)
    {
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.UpdateAndCreateSubscriptionGroup);
        request.Body = JsonSerializer.SerializeToUtf8Bytes(group, WireJson.Default.SubscriptionGroupConfig);
        return CallAsync(brokerAddress, request, cancellationToken);
    }

    public Task DeleteSubscriptionGroupAsync(string brokerAddress, string group, bool removeOffsets, CancellationToken cancellationToken = default)
    {
        // 4.9 reads removeOffset, 5.x cleanOffset (admin.md §2.3).
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.DeleteSubscriptionGroup)
            .Set("groupName", group).Set("removeOffset", removeOffsets).Set("cleanOffset", removeOffsets);
        return CallAsync(brokerAddress, request, cancellationToken);
    }

    public async Task<ConsumerConnections?> GetConsumerConnectionsAsync(string brokerAddress, string group, CancellationToken cancellationToken = default)
    {
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.GetConsumerConnectionList).Set("consumerGroup", group);
        RemotingCommand response = await _caller.InvokeAsync(brokerAddress, request, _options.RequestTimeout, cancellationToken).ConfigureAwait(false);
        return response.Code switch
        {
            ResponseCode.Success => WireJson.Read(response, WireJson.Default.ConsumerConnections, brokerAddress),
            ResponseCode.ConsumerNotOnline => null,
            _ => throw new RocketMqException(response.Code, response.Remark, brokerAddress),
        };
    }

    public async Task<IReadOnlyDictionary<string, GroupSummary>?> GetGroupSummariesAsync(string brokerAddress, IReadOnlyCollection<string> groups, CancellationToken cancellationToken = default)
    {
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.GetGroupSummaries);
        request.Body = JsonSerializer.SerializeToUtf8Bytes(new GroupNamesBody { Groups = groups }, WireJson.Default.GroupNamesBody);
        RemotingCommand response = await _caller.InvokeAsync(brokerAddress, request, _options.RequestTimeout, cancellationToken).ConfigureAwait(false);
        return response.Code switch
        {
            ResponseCode.Success => WireJson.Read(response, WireJson.Default.GroupSummaryTable, brokerAddress).Groups,
            ResponseCode.RequestCodeNotSupported => null,
            _ => throw new RocketMqException(response.Code, response.Remark, brokerAddress),
        };
    }

    public async Task<IReadOnlyList<string>> GetGroupsOfTopicAsync(string brokerAddress, string topic, CancellationToken cancellationToken = default)
    {
        RemotingCommand response = await CallAsync(brokerAddress, RemotingCommand.CreateRequest(RequestCode.QueryTopicConsumeByWho).Set("topic", topic), cancellationToken).ConfigureAwait(false);
        return WireJson.Read(response, WireJson.Default.NameList, brokerAddress).Groups ?? [];
    }

    public Task SetConsumerOffsetAsync(string brokerAddress, string group, MessageQueue queue, long offset, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(queue);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.UpdateConsumerOffset)
            .Set("consumerGroup", group).Set("topic", queue.Topic).Set("queueId", queue.QueueId).Set("commitOffset", offset).Set("bname", queue.BrokerName);
        return CallAsync(brokerAddress, request, cancellationToken);
    }

    public async Task<IReadOnlyDictionary<MessageQueue, long>?> ResetConsumerOffsetsAsync(string brokerAddress, string group, string topic, DateTimeOffset? time, CancellationToken cancellationToken = default)
    {
        // Below 0 is the end, also for times before 1970.
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.InvokeBrokerToResetOffset)
            .Set("topic", topic).Set("group", group).Set("timestamp", time is { } at ? Math.Max(0, at.ToUnixTimeMilliseconds()) : -1).Set("isForce", true);
        RemotingCommand response = await _caller.InvokeAsync(brokerAddress, request, _options.RequestTimeout, cancellationToken).ConfigureAwait(false);
        return response.Code switch
        {
            ResponseCode.Success => WireJson.Read(response, WireJson.Default.OffsetTableBody, brokerAddress).Offsets,
            ResponseCode.ConsumerNotOnline => null,
            _ => throw new RocketMqException(response.Code, response.Remark, brokerAddress),
        };
    }

    public ValueTask DisposeAsync() => _remoting.DisposeAsync();

    private async Task<IReadOnlyDictionary<string, string>> GetNameServerValuesAsync(string address, string @namespace, CancellationToken cancellationToken)
    {
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.GetKvListByNamespace).Set("namespace", @namespace);
        RemotingCommand response = await _caller.InvokeAsync(address, request, _options.RequestTimeout, cancellationToken).ConfigureAwait(false);
        return response.Code switch
        {
            ResponseCode.Success => WireJson.Read(response, WireJson.Default.KeyValueTable, address).Table,
            ResponseCode.QueryNotFound => new Dictionary<string, string>(),
            _ => throw new RocketMqException(response.Code, response.Remark, address),
        };
    }

    private Task<RemotingCommand> CallAsync(string address, RemotingCommand request, CancellationToken cancellationToken) =>
        _caller.InvokeSuccessAsync(address, request, _options.RequestTimeout, cancellationToken);

    private async Task<(RemotingCommand Response, string Address)> AskNameServerAsync(Func<RemotingCommand> request, CancellationToken cancellationToken)
    {
        (RemotingCommand response, string address) = await _nameServers.InvokeAsync(request, cancellationToken).ConfigureAwait(false);
        return response.Code == ResponseCode.Success ? (response, address) : throw new RocketMqException(response.Code, response.Remark, address);
    }

    // Name servers do not talk to each other: a change is sent to all of them, at once so that none keeps it from another, and fails as a
    // whole when one does not take it.
    private async Task<RemotingCommand> ForEachNameServerAsync(Func<RemotingCommand> request, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> addresses = await _nameServers.GetAddressesAsync(cancellationToken).ConfigureAwait(false);
        (RemotingCommand? Response, RocketMqException? Failure)[] answers = await Task.WhenAll(addresses.Select(AskAsync)).ConfigureAwait(false);
        RocketMqException[] failures = [.. answers.Select(static answer => answer.Failure).OfType<RocketMqException>()];
        return failures.Length switch
        {
            0 => answers[^1].Response!,
            1 => throw new RocketMqException(failures[0].Message, failures[0]),
            _ => throw new RocketMqException($"{failures.Length} name servers failed; first: {failures[0].Message}", new AggregateException(failures)) { Reason = failures[0].Reason },
        };

        async Task<(RemotingCommand?, RocketMqException?)> AskAsync(string address)
        {
            try
            {
                return (await CallAsync(address, request(), cancellationToken).ConfigureAwait(false), null);
            }
            catch (RocketMqException failure)
            {
                return (null, failure);
            }
        }
    }
}
