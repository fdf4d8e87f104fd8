using System.Text;
using RocketOps.Hosting.Files;
using RocketOps.Hosting.Properties;
using RocketOps.Protocol.Commands;

namespace RocketOps.NameServer.Configuration;

/// <summary>The running configuration: a snapshot that an update replaces.</summary>
internal sealed class NameServerConfiguration : IDisposable
{
    private readonly SemaphoreSlim _writer = new(1, 1);
    private volatile PropertyValues _current;

    /// <param name="values">The configuration at the start.</param>
    /// <param name="configFile">The file given by <c>-c</c>: it is where updates are kept, as in RocketMQ. Null keeps configStorePath.</param>
    public NameServerConfiguration(PropertyValues values, string? configFile)
    {
        _current = configFile is null
            ? values
            : PropertyLoader.Apply(values, [new PropertyEntry(NameServerProperties.ConfigStorePath.Name, configFile, new PropertyOrigin(configFile, 0))]).Values;
    }

    public PropertyValues Current => _current;

    public T Get<T>(PropertyDefinition<T> definition)
        where T : notnull => _current.Get(definition);

    /// <summary>
    /// Changes live keys, in the file first and then in the running server. Nothing is changed when one key is not allowed; unlike RocketMQ an unknown key and one that
    /// needs a restart are refused rather than accepted without effect. Throws <see cref="RemotingCommandException"/>.
    /// </summary>
    public async Task UpdateAsync(ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        List<PropertyProblem> problems = [];
        IReadOnlyList<PropertyEntry> entries = JavaPropertiesParser.Parse(body.Span, "request", problems);
        if (problems.Count > 0)
        {
            throw new RemotingCommandException(ResponseCode.SystemError, $"string2Properties error: {problems[0]}");
        }

        await _writer.WaitAsync(cancellationToken);
        try
        {
            PropertyValues before = _current;
            HashSet<string> blackList = [.. before.Get(NameServerProperties.ConfigBlackList).Split(';', StringSplitOptions.TrimEntries), "configBlackList", "configStorePath", "kvConfigPath", "rocketmqHome"];
            if (entries.Any(entry => blackList.Contains(entry.Key)))
            {
                throw new RemotingCommandException(ResponseCode.NoPermission, "Can not update config in black list.");
            }

            PropertyLoadResult result = PropertyLoader.Apply(before, entries);
            PropertyProblem[] refused =
            [
                .. result.Errors,
                .. entries.Where(entry => before.Catalog.Find(entry.Key) is { IsLive: false } definition && result.Values.TextOf(definition) != before.TextOf(definition))
                    .Select(static entry => new PropertyProblem(entry.Origin, entry.Key, "takes effect at a start only; change the file and restart")),
            ];
            if (refused.Length > 0)
            {
                throw new RemotingCommandException(ResponseCode.SystemError, string.Join("; ", refused.Select(static problem => problem.Text)));
            }

            try
            {
                await StoreAsync(entries);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                throw new RemotingCommandException(ResponseCode.SystemError, $"nothing was changed, as {Get(NameServerProperties.ConfigStorePath)} cannot be written: {failure.Message}");
            }

            _current = result.Values;
        }
        finally
        {
            _writer.Release();
        }
    }

    public void Dispose() => _writer.Dispose();

    // What the file said stays, comments excepted; only the keys of the update change. Environment and arguments are not written into it.
    private async Task StoreAsync(IReadOnlyList<PropertyEntry> changes)
    {
        string path = Get(NameServerProperties.ConfigStorePath);
        List<PropertyProblem> ignored = [];
        Dictionary<string, string> pairs = new(StringComparer.Ordinal);
        foreach (PropertyEntry entry in File.Exists(path) ? JavaPropertiesParser.ParseFile(path, ignored) : [])
        {
            pairs[entry.Key] = entry.Value;
        }

        foreach (PropertyEntry change in changes)
        {
            pairs[change.Key] = change.Value;
        }

        string text = JavaPropertiesWriter.Write(pairs.OrderBy(static pair => pair.Key, StringComparer.Ordinal));
        await new DurableFile(path).WriteAsync(Encoding.UTF8.GetBytes(text));
    }
}
