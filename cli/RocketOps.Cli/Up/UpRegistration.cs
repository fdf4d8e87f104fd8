using Microsoft.Extensions.Logging;
using RocketOps.Cli.Contexts;
using RocketOps.Embedded.Kubelet.Processes;
using RocketOps.Hosting.Files;

namespace RocketOps.Cli.Up;

/// <summary>
/// Tells other commands of this user where the clusters of this run are (<see cref="UpInstance"/>), until disposed. A run that cannot tell is logged and goes on: its
/// addresses are on the screen.
/// </summary>
internal sealed partial class UpRegistration(string? folder, string dataDirectory, ILogger logger) : IDisposable
{
    private readonly string? _file = folder is null ? null : Path.Combine(folder, $"up-{Environment.ProcessId}.json");
    private IReadOnlyList<(string Cluster, string Address)>? _told;
    private bool _hasBeenReady;

    /// <summary>Tells these clusters, and whether all of the run has been ready once, if that differs from what was told last.</summary>
    public void Tell(IReadOnlyList<(string Cluster, string Address)> clusters, bool isReady)
    {
        bool hasBeenReady = _hasBeenReady || isReady;
        if (_file is null || (_told is not null && clusters.SequenceEqual(_told) && hasBeenReady == _hasBeenReady) || ProcessIdentity.Of(Environment.ProcessId) is not { } self)
        {
            return;
        }

        (_told, _hasBeenReady) = (clusters, hasBeenReady);
        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(folder!);
            }
            else
            {
                Directory.CreateDirectory(folder!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }

            WholeFile.Write(_file, UpInstance.Write(new UpInstance(dataDirectory, clusters, IsStarting: !hasBeenReady), self));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            LogNotTold(logger, failure, _file);
        }
    }

    public void Dispose()
    {
        try
        {
            if (_file is not null)
            {
                File.Delete(_file);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Readers see by the process id that this run has ended.
            LogNotTold(logger, failure, _file!);
        }
    }

    [LoggerMessage(EventId = 9001, Level = LogLevel.Warning, Message = "{File} could not be written or removed; other commands need -n to find this run.")]
    private static partial void LogNotTold(ILogger logger, Exception failure, string file);
}
