using System.Text;
using Microsoft.Extensions.Logging;
using RocketOps.Hosting.Properties;
using RocketOps.Store.Files;

namespace RocketOps.Broker.Persistence;

/// <summary>
/// Writes live updates back to the file the broker was started with, so that they outlast it. Without a file they last as long as the process. A file that cannot be
/// written (mounted read-only, as from a ConfigMap) is left to its owner: the update holds until the next start, and the log says so.
/// </summary>
internal sealed partial class SettingsFile(string? path, IStoreFileSystem fileSystem, ILogger<SettingsFile> logger)
{
    private readonly SemaphoreSlim _writes = new(1);

    public async Task SaveAsync(PropertyValues values, IReadOnlyList<PropertyEntry> changed)
    {
        if (path is null)
        {
            return;
        }

        await _writes.WaitAsync();
        try
        {
            string text = JavaPropertiesWriter.Write(Merge(path, values, changed));
            await new ConfigFile(Path.GetFullPath(path), fileSystem).WriteAsync(Encoding.ASCII.GetBytes(text), CancellationToken.None);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            LogNotWritten(path, failure.Message);
        }
        finally
        {
            _writes.Release();
        }
    }

    /// <summary>The file's own keys with the new values, and the new keys. Comments are lost, as in RocketMQ.</summary>
    private static SortedDictionary<string, string> Merge(string path, PropertyValues values, IReadOnlyList<PropertyEntry> changed)
    {
        List<PropertyProblem> problems = [];
        SortedDictionary<string, string> content = new(StringComparer.Ordinal);
        foreach (PropertyEntry entry in JavaPropertiesParser.ParseFile(path, problems))
        {
            content[entry.Key] = entry.Value;
        }

        foreach (PropertyEntry entry in changed)
        {
            content[entry.Key] = values.Catalog.Find(entry.Key) is { } definition ? values.TextOf(definition) : entry.Value;
        }

        return content;
    }

    [LoggerMessage(EventId = 3402, Level = LogLevel.Warning, Message = "The changed configuration holds until the next start only: {Path} was not written: {Reason}")]
    private partial void LogNotWritten(string path, string reason);
}
