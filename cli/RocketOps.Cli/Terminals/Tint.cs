namespace RocketOps.Cli.Terminals;

/// <summary>What a piece of the screen means, which is what gives it a colour.</summary>
internal enum Tint
{
    Plain,
    Strong,
    Quiet,
    Good,
    Waiting,
    Bad,
}
