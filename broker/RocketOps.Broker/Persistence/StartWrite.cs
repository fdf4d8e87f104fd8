using Microsoft.Extensions.Logging;
using RocketOps.Store.Files;

namespace RocketOps.Broker.Persistence;

/// <summary>
/// The write of a table that was just read: it adds what every broker has, and notes nothing that anybody was told. On a full disk the
/// broker goes on without it, for its consumers, and the next change of the table writes the whole file.
/// </summary>
internal sealed partial class StartWrite(ILogger<StartWrite> logger)
{
    private readonly ILogger<StartWrite> _logger = logger;

    /// <summary>Throws what the write throws, except when the disk has no room.</summary>
    public async Task TryAsync(Func<Task> write)
    {
        try
        {
            await write();
        }
        catch (StoreIOException e) when (e.IsDiskFull)
        {
            LogNoRoom(e.FilePath, e.Message);
        }
    }

    [LoggerMessage(EventId = 3690, Level = LogLevel.Warning, Message = ""
        + "The disk has no room for {Path}: the broker starts without writing it, and serves consumers. The next change writes "
        + "it whole. Make room: {Reason}")]
    private partial void LogNoRoom(string path, string reason);
}
