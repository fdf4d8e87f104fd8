namespace RocketOps.Cli.Running;

/// <summary>Exit codes that tell the shell how a command ended.</summary>
internal static class ExitCodes
{
    public const int Success = 0;

    /// <summary>It could not be done, or not all of it.</summary>
    public const int Failed = 1;

    /// <summary>The command line is wrong, or names something that cannot be what is meant.</summary>
    public const int WrongUsage = 2;

    /// <summary>Ended by Ctrl-C or SIGTERM before it was done; as shells count, 128 and the number of SIGINT.</summary>
    public const int Interrupted = 130;
}
