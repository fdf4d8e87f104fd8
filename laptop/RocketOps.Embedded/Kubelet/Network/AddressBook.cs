using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using RocketOps.Hosting.Files;

namespace RocketOps.Embedded.Kubelet.Network;

/// <summary>
/// Which number a name keeps for good: the last byte of a pod's address, the port of 127.0.0.1 in front of a Service. What clients and people
/// have noted down is so true after restarts of pods and of the control plane. A file of lines <c>kind name number</c>; lines that are none are left out.
/// Thread-safe.
/// </summary>
internal sealed partial class AddressBook
{
    public const string Pod = "pod";
    public const string Service = "service";

    // 253 pods and some ports: a larger file is none of ours.
    private const long MaxFileBytes = 1024 * 1024;

    private readonly string? _path;
    private readonly ILogger? _logger;
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Kind, string Name), int> _numbers = [];

    private AddressBook(string? path, ILogger? logger)
    {
        _path = path;
        _logger = logger;
    }

    /// <summary>A book that is not kept.</summary>
    public static AddressBook InMemory() => new(null, null);

    /// <summary>The book in this file; an empty one when it is missing or cannot be read, which is logged.</summary>
    public static AddressBook Load(string path, ILogger logger)
    {
        AddressBook book = new(path, logger);
        try
        {
            if (new FileInfo(path) is { Exists: true, Length: <= MaxFileBytes })
            {
                book.Read(File.ReadLines(path));
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            LogNotRead(logger, failure, path);
        }

        return book;
    }

    /// <summary>The number of this name, or null when it has none.</summary>
    public int? Find(string kind, string name)
    {
        lock (_gate)
        {
            return _numbers.TryGetValue((kind, name), out int number) ? number : null;
        }
    }

    /// <summary>Tells whether the number is kept for any name of this kind.</summary>
    public bool Keeps(string kind, int number)
    {
        lock (_gate)
        {
            return _numbers.Any(entry => entry.Key.Kind == kind && entry.Value == number);
        }
    }

    /// <summary>Keeps the number for this name alone. A file that cannot be written is logged: the number then holds until the control plane ends.</summary>
    public void Keep(string kind, string name, int number)
    {
        lock (_gate)
        {
            if (_numbers.TryGetValue((kind, name), out int kept) && kept == number)
            {
                return;
            }

            foreach ((string Kind, string Name) former in _numbers.Where(entry => entry.Key.Kind == kind && entry.Value == number).Select(entry => entry.Key).ToList())
            {
                _numbers.Remove(former);
            }

            _numbers[(kind, name)] = number;
            Write();
        }
    }

    private void Read(IEnumerable<string> lines)
    {
        foreach (string line in lines)
        {
            if (line.Split(' ') is [Pod or Service, { Length: > 0 } name, string text] && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
            {
                _numbers[(line[..line.IndexOf(' ', StringComparison.Ordinal)], name)] = number;
            }
        }
    }

    private void Write()
    {
        if (_path is null)
        {
            return;
        }

        StringBuilder text = new("# Written by rocketops up: numbers that names keep. Deleting this file gives new ones.\n");
        foreach (((string kind, string name), int number) in _numbers.OrderBy(entry => entry.Key.Kind, StringComparer.Ordinal).ThenBy(entry => entry.Value))
        {
            text.Append(CultureInfo.InvariantCulture, $"{kind} {name} {number}\n");
        }

        try
        {
            WholeFile.Write(_path, text.ToString());
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            LogNotWritten(_logger!, failure, _path);
        }
    }

    [LoggerMessage(EventId = 7060, Level = LogLevel.Warning, Message = "{Path} could not be read; pods and Services get new addresses.")]
    private static partial void LogNotRead(ILogger logger, Exception failure, string path);

    [LoggerMessage(EventId = 7061, Level = LogLevel.Warning, Message = "{Path} could not be written; after the next start addresses may differ.")]
    private static partial void LogNotWritten(ILogger logger, Exception failure, string path);
}
