@NullMarked
package dev.flowguard.models;

import org.jspecify.annotations.NullMarked;
