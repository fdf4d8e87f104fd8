namespace RocketOps.Cli;

/// <summary>What the command tells the shell.</summary>
internal static class ExitCodes
{
    public const int Success = 0;
    public const int Failed = 1;
    public const int WrongUsage = 2;
}
