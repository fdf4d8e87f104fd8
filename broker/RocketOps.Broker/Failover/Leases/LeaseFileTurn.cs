using RocketOps.Hosting.Files;

namespace RocketOps.Broker.Failover.Leases;

/// <summary>
/// A turn at replacing a file that several processes share, which another one takes over from a process that stands still. The new content lies, written and flushed, in a folder of its own that is renamed to the one that
/// everybody names: that fails while something is in there, so one process at a time has the turn. The content's rename to the file's place ends the turn. Whoever has waited for too long deletes that content: a process that
/// was suspended in its turn finds it gone when it goes on, and has replaced nothing. So between taking the turn and replacing the file nobody else replaces it, however long that takes.
/// A lock of the kernel's would be held for as long as its owner is suspended. Not thread-safe.
/// </summary>
internal sealed class LeaseFileTurn : IDisposable
{
    private const string TurnSuffix = ".turn";
    private const string NextSuffix = ".next";

    /// <summary>Renames that fail for another reason than that somebody has the turn: it may just have ended.</summary>
    private const int MaxFailures = 3;

    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(5);

    /// <summary>Age after which a folder is removed: its process died, or will find it gone.</summary>
    private static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(10);

    private readonly string _path;
    private readonly string _turn;
    private readonly string _nonce = Guid.NewGuid().ToString("N");
    private readonly TimeProvider _time;

    private LeaseFileTurn(string path, TimeProvider time)
    {
        _path = path;
        _turn = path + TurnSuffix;
        _time = time;
    }

    private string Next => $"{_path}.{_nonce}{NextSuffix}";

    /// <summary>Waits for the turn.</summary>
    /// <param name="path">The file, by its full path; its folder is made when missing.</param>
    /// <param name="content">What is to replace it.</param>
    /// <param name="patience">How long another process may have the turn.</param>
    /// <param name="time">Measures that.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<LeaseFileTurn> TakeAsync(string path, ReadOnlyMemory<byte> content, TimeSpan patience, TimeProvider time, CancellationToken cancellationToken)
    {
        LeaseFileTurn turn = new(path, time);
        try
        {
            turn.RemoveAbandoned();
            await new DurableFile(Path.Combine(turn.Next, turn._nonce)).WriteAsync(content);
            await turn.WaitAsync(patience, cancellationToken);
            return turn;
        }
        catch
        {
            turn.Dispose();
            throw;
        }
    }

    /// <summary>Replaces the file, durably; false when somebody else has taken the turn over, and nothing is replaced.</summary>
    public bool TryReplace()
    {
        try
        {
            File.Move(Path.Combine(_turn, _nonce), _path, overwrite: true);
        }
        catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }

        DurableFile.FlushFolder(Path.GetDirectoryName(_path)!);
        return true;
    }

    public void Dispose()
    {
        Remove(_turn, _nonce);
        Remove(Next, _nonce);
    }

    private async Task WaitAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        string? seen = null;
        long since = 0;
        for (int failures = 0; ;)
        {
            try
            {
                Directory.Move(Next, _turn);
                return;
            }
            catch (IOException) when (Directory.Exists(_turn) || failures++ < MaxFailures)
            {
                // Somebody has the turn, or has just left it.
            }

            string? holder = Holder();
            if (holder is null)
            {
                // Who had it has replaced the file and died before it removed the folder, or is about to remove it.
                Remove(_turn, content: null);
            }
            else if (holder != seen)
            {
                seen = holder;
                since = _time.GetTimestamp();
            }
            else if (_time.GetElapsedTime(since) >= patience)
            {
                Remove(_turn, holder);
            }

            await Task.Delay(LookAgain, _time, cancellationToken);
        }
    }

    private string? Holder()
    {
        try
        {
            return Directory.EnumerateFiles(_turn).Select(Path.GetFileName).FirstOrDefault();
        }
        catch (DirectoryNotFoundException)
        {
            return null;
        }
    }

    private void RemoveAbandoned()
    {
        string folder = Path.GetDirectoryName(_path)!;
        Directory.CreateDirectory(folder);
        foreach (string next in Directory.EnumerateDirectories(folder, $"{Path.GetFileName(_path)}.*{NextSuffix}"))
        {
            if (_time.GetUtcNow().UtcDateTime - Directory.GetLastWriteTimeUtc(next) <= MaxAge)
            {
                continue;
            }

            try
            {
                Directory.Delete(next, recursive: true);
            }
            catch (DirectoryNotFoundException)
            {
                // Its writer has got its turn: what is gone has no age.
            }
        }
    }

    /// <summary>Removes that content, and the folder if nothing else is in there.</summary>
    private static void Remove(string folder, string? content)
    {
        try
        {
            if (content is not null)
            {
                File.Delete(Path.Combine(folder, content));
            }

            Directory.Delete(folder);
        }
        catch (IOException) when (content is null || !File.Exists(Path.Combine(folder, content)))
        {
            // Gone already, or another process has its content in there: it has the turn.
        }
    }
}
