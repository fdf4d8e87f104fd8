using System.Text;
using Microsoft.Extensions.Logging;
using RocketOps.Hosting.Properties;
using RocketOps.Store.Files;

namespace RocketOps.Broker.Persistence;

/// <summary>
/// Writes live updates back to the file the broker was started with, the last one of several since that goes over the others, so that they outlast it. Without a file they last as long as
/// the process. A file that cannot be written (mounted read-only, as from a ConfigMap) is left to its owner: the update holds until the next start unless the owner writes it there too, and the log says so:
/// with a warning once, as that stays so for as long as the process lives, and with Information afterwards. Whatever else keeps the file from being written may be mended, and is warned of each time.
/// </summary>
internal sealed partial class SettingsFile(string? path, IStoreFileSystem fileSystem, ILogger<SettingsFile> logger)
{
    private readonly SemaphoreSlim _writes = new(1);
    private bool _isKnownReadOnly;

    public async Task SaveAsync(PropertyValues values, IReadOnlyList<PropertyEntry> changed)
    {
        if (path is null)
        {
            return;
        }

        await _writes.WaitAsync();
        try
        {
            List<PropertyProblem> problems = [];
            SortedDictionary<string, string> content = new(StringComparer.Ordinal);
            foreach (PropertyEntry entry in JavaPropertiesParser.ParseFile(path, problems))
            {
                content[entry.Key] = entry.Value;
            }

            if (!Merge(content, values, changed))
            {
                // Its owner was faster, or somebody has set what was in force already.
                return;
            }

            string text = JavaPropertiesWriter.Write(content);

            // The next start reads this file alone, and ends without it: a kill must find it there.
            JsonConfigFile file = new(Path.GetFullPath(path), fileSystem, isNeverMissing: true);
            await file.WriteAsync(Encoding.ASCII.GetBytes(text).AsMemory());
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            bool isReadOnly = failure is UnauthorizedAccessException or StoreIOException { IsReadOnly: true };
            LogNotWritten(isReadOnly && _isKnownReadOnly ? LogLevel.Information : LogLevel.Warning, path, failure.Message);
            _isKnownReadOnly |= isReadOnly;
        }
        finally
        {
            _writes.Release();
        }
    }

    /// <summary>Puts the new values to the file's own keys; comments are lost, as in RocketMQ. False when the file says all of them already.</summary>
    private static bool Merge(SortedDictionary<string, string> content, PropertyValues values, IReadOnlyList<PropertyEntry> changed)
    {
        bool differs = false;
        foreach (PropertyEntry entry in changed)
        {
            string text = values.Catalog.Find(entry.Key) is { } definition ? values.TextOf(definition) : entry.Value;
            differs |= content.GetValueOrDefault(entry.Key) != text;
            content[entry.Key] = text;
        }

        return differs;
    }

    [LoggerMessage(EventId = 3402, Message = "The changed configuration holds until the next start, which reads {Path}: that was not written: {Reason}")]
    private partial void LogNotWritten(LogLevel level, string path, string reason);
}
