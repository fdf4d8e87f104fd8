namespace RocketOps.Election.Members;

/// <summary>Reports of a member: what stays as it is is said once. Not thread-safe.</summary>
internal sealed class Reports(IMemberHost host)
{
    private string? _last;

    public void Say(MemberEvent happened, string text)
    {
        if (text != _last)
        {
            _last = text;
            host.Report(happened, text);
        }
    }
}
