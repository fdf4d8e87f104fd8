namespace RocketOps.Client;

/// <summary>java.lang.String.hashCode: what tags are filtered by and sharding keys are spread by. Over UTF-16 units, wrapping at 32 bits.</summary>
internal static class JavaHash
{
    public static int Of(string text)
    {
        int hash = 0;
        foreach (char unit in text)
        {
            hash = unchecked((31 * hash) + unit);
        }

        return hash;
    }
}
