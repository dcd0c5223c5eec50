@NullMarked
package dev.flowguard.systemtests;

import org.jspecify.annotations.NullMarked;
