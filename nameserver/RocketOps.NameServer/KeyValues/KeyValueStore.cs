using System.Collections.Immutable;
using System.Text.Json;
using RocketOps.Hosting.Files;
using RocketOps.NameServer.Json;
using RocketOps.Protocol.Commands;

namespace RocketOps.NameServer.KeyValues;

/// <summary>
/// The name server's own configuration entries by namespace and key, kept in kvConfig.json. A change is answered only after it is durable in the file.
/// Readers take a snapshot; writers wait for each other.
/// </summary>
internal sealed class KeyValueStore : IDisposable
{
    /// <summary>Namespace of the order configurations that routes carry.</summary>
    public const string OrderTopicConfig = "ORDER_TOPIC_CONFIG";

    /// <summary>Tools keep a line per ordered topic here; a file beyond this is none of ours.</summary>
    public const int MaxFileBytes = 16 * 1024 * 1024;

    private readonly string _path;
    private readonly DurableFile _file;
    private readonly SemaphoreSlim _writer = new(1, 1);
    private volatile ImmutableDictionary<string, ImmutableSortedDictionary<string, string>> _table;

    private KeyValueStore(string path, ImmutableDictionary<string, ImmutableSortedDictionary<string, string>> table)
    {
        _path = path;
        _file = new DurableFile(path);
        _table = table;
    }

    /// <summary>
    /// Reads the file, or begins empty when there is none. Throws <see cref="InvalidDataException"/> naming the file when it cannot be understood: going on would overwrite it.
    /// </summary>
    public static KeyValueStore Open(string path)
    {
        ImmutableDictionary<string, ImmutableSortedDictionary<string, string>>.Builder table = ImmutableDictionary.CreateBuilder<string, ImmutableSortedDictionary<string, string>>(StringComparer.Ordinal);
        FileInfo file = new(path);
        if (file.Exists && file.Length > 0)
        {
            if (file.Length > MaxFileBytes)
            {
                throw new InvalidDataException($"{path} has {file.Length} bytes, more than {MaxFileBytes}; it is no kvConfig.json");
            }

            try
            {
                KeyValueFile content = NameServerJson.Read(File.ReadAllBytes(path), NameServerJson.Default.KeyValueFile);
                foreach ((string name, Dictionary<string, string>? entries) in content.Table ?? [])
                {
                    table[name] = (entries ?? []).ToImmutableSortedDictionary(StringComparer.Ordinal);
                }
            }
            catch (RemotingCommandException malformed)
            {
                throw new InvalidDataException($"{path}: {malformed.Message}", malformed);
            }
        }

        return new KeyValueStore(path, table.ToImmutable());
    }

    public string? Get(string name, string key) => _table.GetValueOrDefault(name)?.GetValueOrDefault(key);

    /// <summary>All entries of a namespace; null when it does not exist.</summary>
    public ImmutableSortedDictionary<string, string>? GetNamespace(string name) => _table.GetValueOrDefault(name);

    public Task PutAsync(string name, string key, string value, CancellationToken cancellationToken) =>
        ChangeAsync(
            table => table.SetItem(name, (table.GetValueOrDefault(name) ?? ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal)).SetItem(key, value)),
            cancellationToken);

    /// <summary>Removes an entry; a missing one is no error.</summary>
    public Task DeleteAsync(string name, string key, CancellationToken cancellationToken) =>
        ChangeAsync(table => table.TryGetValue(name, out ImmutableSortedDictionary<string, string>? entries) ? table.SetItem(name, entries.Remove(key)) : table, cancellationToken);

    public void Dispose() => _writer.Dispose();

    private async Task ChangeAsync(
        Func<ImmutableDictionary<string, ImmutableSortedDictionary<string, string>>, ImmutableDictionary<string, ImmutableSortedDictionary<string, string>>> change,
        CancellationToken cancellationToken)
    {
        await _writer.WaitAsync(cancellationToken);
        try
        {
            ImmutableDictionary<string, ImmutableSortedDictionary<string, string>> table = change(_table);
            if (ReferenceEquals(table, _table))
            {
                return;
            }

            byte[] json = JsonSerializer.SerializeToUtf8Bytes(
                new KeyValueFile
                {
                    Table = table.ToDictionary(
                        static entry => entry.Key, static entry => new Dictionary<string, string>(entry.Value, StringComparer.Ordinal), StringComparer.Ordinal),
                },
                NameServerJson.Default.KeyValueFile);
            if (json.Length > MaxFileBytes)
            {
                throw new RemotingCommandException(ResponseCode.SystemError, $"the entries would take {json.Length} bytes, more than {MaxFileBytes}");
            }

            try
            {
                await _file.WriteAsync(json);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                throw new RemotingCommandException(ResponseCode.SystemError, $"{_path} (kvConfigPath) cannot be written: {failure.Message}");
            }

            _table = table;
        }
        finally
        {
            _writer.Release();
        }
    }
}
